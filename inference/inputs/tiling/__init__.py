"""Images that become several tiles, or as many patches as they have room for, on their way into a chat model."""
