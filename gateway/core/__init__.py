"""The pure core: the model, its states, its rules and its ports. No await, no clock, no disk, no SQL, no logging."""
