"""Evolution of a project in words and numbers, as Markdown, JSON or HTML."""
