"""Another homework's extension."""
