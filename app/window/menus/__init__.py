"""What single menus do, apart from the window."""
