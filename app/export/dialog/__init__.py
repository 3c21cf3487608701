"""The dialog that asks where to export, as what and how, and shows what will be written."""
