package store

import (
	"context"
	"time"
)

// Page is what people make on the page instead of in the configuration files. The store
// looks at none of it: its callers check what is in it, and keep the bounds below.
type Page interface {
	// Blocks returns all saved blocks, by name.
	Blocks(ctx context.Context) ([]Block, error)
	// Block returns one saved block. It fails with [ErrNotFound] when there is none.
	Block(ctx context.Context, name string) (Block, error)
	// SaveBlock saves a block, together with secrets that its HCL reads, and returns it
	// with its new revision. The block's Revision says on which one the change is based, 0
	// for a new block; SaveBlock fails with [ErrChanged] when there is another by now. It
	// takes the time of saving from the store's clock. Secrets are as for SaveSecrets.
	SaveBlock(ctx context.Context, b Block, secrets map[string][]byte) (Block, error)
	// RemoveBlock removes a saved block, but not its secrets, which the same block in a
	// file still reads. It fails with [ErrNotFound] when there is none, and with
	// [ErrChanged] when it has another revision.
	RemoveBlock(ctx context.Context, name string, revision int64) error

	// SaveSecrets stores secrets by their names, such as "ci.token", sealed by the caller;
	// nil removes one. It stores all of them or none.
	SaveSecrets(ctx context.Context, secrets map[string][]byte) error
	// Secret returns a sealed secret. It fails with [ErrNotFound] when there is none.
	Secret(ctx context.Context, name string) ([]byte, error)
	// Secrets returns the names of all secrets, in order.
	Secrets(ctx context.Context) ([]string, error)

	// SavePicture stores a new picture. It fails with [ErrTaken] when its ID is in use.
	SavePicture(ctx context.Context, p Picture) error
	// Picture returns one picture. It fails with [ErrNotFound] when there is none.
	Picture(ctx context.Context, id string) (Picture, error)
	// Pictures lists pictures without their content, newest first: those of one owner or,
	// without a name, of all.
	Pictures(ctx context.Context, owner string) ([]Picture, error)
	// RemovePicture removes a picture. It fails with [ErrNotFound] when there is none.
	RemovePicture(ctx context.Context, id string) error
}

// Block is a saved block: one connector block of the configuration that somebody made on
// the page.
type Block struct {
	// Name is the connector's.
	Name string
	// HCL is the block as text. It holds no secrets.
	HCL string
	// Owner is who added the connector, and Team the team for which she did.
	Owner string
	Team  string
	// Revision counts how often the block has been saved.
	Revision int64
	// Saved is when it was last saved, and SavedBy by whom.
	Saved   time.Time
	SavedBy string
}

// Picture is an uploaded picture.
type Picture struct {
	// ID is the secret part of the picture's address; the caller makes it.
	ID string
	// Type is the content's media type, such as "image/png".
	Type    string
	Content []byte
	// Size is the content's length in bytes.
	Size    int
	Owner   string
	Created time.Time
}

// The bounds of what the page keeps, for those who save.
const (
	// MaxBlocks is how many blocks there may be, and MaxBlock how many bytes of HCL one has.
	MaxBlocks = 2000
	MaxBlock  = 64 << 10
	// MaxSecret is how many bytes a sealed secret has.
	MaxSecret = 64 << 10
	// MaxPictures is how many pictures one owner may have, MaxPicture how many bytes one
	// has, and MaxPictureBytes how many all have together.
	MaxPictures     = 50
	MaxPicture      = 256 << 10
	MaxPictureBytes = 128 << 20
)
