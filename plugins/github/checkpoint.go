package github

// version is the version of the checkpoint's format.
const version = 1

// checkpoint is the position in the Events API or in the webhook's deliveries.
type checkpoint struct {
	// ETag and Last belong to the Events API: the newest page, and the number of the
	// newest event that was emitted. Known says that the first poll is over.
	ETag  string `json:"etag,omitempty"`
	Last  int64  `json:"last,omitempty"`
	Known bool   `json:"known,omitempty"`
	// Hook is the webhook whose address is HookURL, and Delivery the newest of its
	// deliveries that a poll has seen.
	Hook     int64  `json:"hook,omitempty"`
	HookURL  string `json:"hook_url,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
}
