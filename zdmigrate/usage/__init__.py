"""Whether the code of the previous release still names what a contract drops or renames."""
