"""A laboratory on one machine that makes TCP traffic and knows what happened to each frame."""
