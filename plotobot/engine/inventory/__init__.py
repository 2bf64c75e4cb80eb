"""All plots on the farmer's drives, by what their headers say."""
