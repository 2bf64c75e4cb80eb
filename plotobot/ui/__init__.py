"""Values in, Discord messages out: no I/O and no decisions here."""
