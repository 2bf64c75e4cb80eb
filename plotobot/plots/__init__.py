"""Plot files: their names, headers, sizes and addresses. It knows nothing of jobs."""
