"""The live screen: one component, its scripts and its style, and the questions that it may ask."""
