"""The doctor: looks at everything the server needs, and says what to do where it is not well."""
