"""Where changes come from: change files and the folder that holds them."""
