"""How models encode positions."""
