"""The words of the service in other languages than English, and the command that keeps them in step with the code."""
