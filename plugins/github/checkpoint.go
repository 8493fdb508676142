package github

// version is the checkpoint's form.
const version = 1

// checkpoint is the position in either way in.
type checkpoint struct {
	// ETag and Last are of the Events API: the newest page, and the number of the
	// newest event that was handed over. Known says that there was a first poll.
	ETag  string `json:"etag,omitempty"`
	Last  int64  `json:"last,omitempty"`
	Known bool   `json:"known,omitempty"`
	// Hook is the webhook whose address is HookURL, and Delivery the newest of its
	// deliveries that has been looked at.
	Hook     int64  `json:"hook,omitempty"`
	HookURL  string `json:"hook_url,omitempty"`
	Delivery int64  `json:"delivery,omitempty"`
}
