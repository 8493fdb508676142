package draft

import "github.com/connector-relay/relay/relay/chat/size"

// Written is a draft in the form of a chat system.
type Written struct {
	Body []byte
	// Used is how much it uses of each limit that the system's writer measures. The bytes
	// of the whole are measured for all.
	Used size.Used
}
