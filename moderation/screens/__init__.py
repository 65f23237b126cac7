"""Plain values for the desk's templates, by family of pages."""
