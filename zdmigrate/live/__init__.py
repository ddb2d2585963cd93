"""Who is still live: sources of live versions, the registry, the gate and the fence."""
