package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/connector-relay/relay/relay/access"
	"github.com/connector-relay/relay/relay/operator"
	"github.com/connector-relay/relay/relay/picture"
)

// Pictures keeps what people upload.
type Pictures interface {
	Add(ctx context.Context, owner string, upload []byte) (address string, err error)
}

// AddPicture implements [operator.Relay].
func (d *Desk) AddPicture(ctx context.Context, u operator.Upload) (operator.Picture, error) {
	me, _ := access.From(ctx)
	address, err := d.options.Pictures.Add(ctx, me.Name, u.Content)
	if refused, ok := errors.AsType[picture.RefusedError](err); ok {
		return operator.Picture{}, fmt.Errorf("%w picture: %w", operator.ErrInvalid, refused)
	}
	return operator.Picture{URL: address}, err
}
