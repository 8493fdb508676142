// Package wire is the plugin protocol: the generated gRPC code of
// connector.proto, how host and plugin shake hands, and the conversion of events.
package wire

const (
	// CookieName is the environment variable by which a plugin knows that a relay started
	// it. It keeps nobody out; it only saves a person who starts a plugin by hand from a
	// program that hangs.
	CookieName = "RELAY_PLUGIN_COOKIE"
	// CookieValue is that variable's value.
	CookieValue = "d7a1c8ce4b5d4c0f9f1ce4a09c7c39e5"

	// ProtocolVersion is the version of connector.proto. It increases when a plugin built
	// for the old one would not work with the new one.
	ProtocolVersion = 2

	// PluginName is the name under which go-plugin knows the one service.
	PluginName = "connector"

	// MaxMessage is the size limit of one gRPC message, both ways, in bytes. A
	// batch must fit into it.
	MaxMessage = 32 << 20

	// Window is how many bytes of one call may be in flight. HTTP/2's default of 64 KiB
	// would make a batch wait for the reader several times; a fixed size also spares gRPC
	// the pings that measure it.
	Window = 1 << 20
	// ConnWindow is the same for all calls together.
	ConnWindow = 4 << 20

	// MaxCheckpoint is the largest checkpoint in bytes. It is written again with
	// each batch.
	MaxCheckpoint = 4 << 20

	// MaxKey is the longest event key in bytes.
	MaxKey = 1 << 10
	// MaxKind is the longest event kind in bytes.
	MaxKind = 100
	// MaxThread is the longest thread of an event in bytes.
	MaxThread = 200
	// MaxNotes is how many notes of an event are kept.
	MaxNotes = 20
	// MaxNote is the longest note in characters.
	MaxNote = 300
	// MaxTypeDepth is how deeply the type of an argument may be nested.
	MaxTypeDepth = 20
	// MaxIcon is the largest icon in bytes.
	MaxIcon = 64 << 10
)
