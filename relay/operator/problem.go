package operator

// Problem is something that is wrong now. The status, the pages, /readyz, the metrics and
// the log all take it from here, so that they agree.
type Problem struct {
	// Subject is what it is about; it stays the same while the problem lasts.
	Subject string `json:"subject"`
	// Text is a sentence that says what is wrong and, where that is not obvious, what to do.
	Text string `json:"problem"`
}
