"""One physical process a module, each named as the constraint or observable it serves."""
