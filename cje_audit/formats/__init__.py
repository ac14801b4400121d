"""Reading other people's files: every bad line is named, every good row goes on."""
