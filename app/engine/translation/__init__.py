"""Between the two protocols: a thread and a run into a Responses request, its events back."""
