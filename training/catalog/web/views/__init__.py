"""The pages of the lesson editor, a file each."""
