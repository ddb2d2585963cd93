"""Who is live: releases, sources of live versions, the gate and the fence (docs/gate.md)."""
