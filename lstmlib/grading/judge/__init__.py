"""The trusted side of grading: test cells run here, with proxies in the place of what the student defined."""
