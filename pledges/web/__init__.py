"""What every public page shares: language, addresses, headers, caching, errors, and what a request may carry."""
