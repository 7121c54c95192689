"""What a job looks at: rules, what is left out, what is remembered from one look to the next."""
