// Package picture makes pictures that strangers chose harmless: those that a member
// uploads, and those that cards name.
//
// No such picture is passed on as it came. A [Decoder] reads it within bounds and draws it
// anew, so that whatever else its bytes said (where a photograph was taken, a script for
// those who take the file for a page) is gone. A [Proxy] shows a card's pictures on the
// pages without the browser asking a foreign host for them, and an [Album] keeps uploads
// and serves them to chat systems.
package picture

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// mostPixels bounds what is decoded. The most expensive format, a progressive JPEG,
	// takes about 15 bytes for each pixel.
	mostPixels = 8_000_000
	// longestSide keeps a picture of few pixels from being a line without an end.
	longestSide = 8192
	// mostScans bounds the passes over a progressive JPEG. Ten are usual, and a scan that
	// says nothing costs its writer twenty bytes and its reader a pass over all pixels.
	mostScans = 64
)

// RefusedError says in a sentence, for the person who chose a picture, why it cannot be used.
type RefusedError string

// Error implements error.
func (r RefusedError) Error() string { return string(r) }

const (
	errNoPicture = RefusedError("This is not a picture in PNG, JPEG, GIF or WebP.")
	errVector    = RefusedError("An SVG can hold more than a picture, such as scripts, so it is not taken. Save it as a PNG and upload that.")
	errDamaged   = RefusedError("The picture cannot be read; the file may be damaged. Save it again, as a PNG if in doubt.")
	errTooLarge  = RefusedError("The picture has too many pixels: at most 8 million are taken, and 8192 on a side. Make it smaller and upload it again.")
)

// Still is a picture that was drawn anew.
type Still struct {
	// Type is image/png or image/jpeg.
	Type  string
	Bytes []byte
}

// Decoder draws pictures anew, one at a time: a decoded picture takes much memory.
type Decoder struct{ turn chan struct{} }

// NewDecoder returns a decoder.
func NewDecoder() *Decoder { return &Decoder{turn: make(chan struct{}, 1)} }

// Icon returns a picture as a PNG whose sides are at most as long as given. An error that
// is [RefusedError] is the picture's fault.
func (d *Decoder) Icon(ctx context.Context, b []byte, side int) ([]byte, error) {
	still, err := d.still(ctx, b, side, func(image.Image) bool { return true })
	return still.Bytes, err
}

// Still returns a picture whose sides are at most as long as given: as a JPEG, or as a PNG
// if one can see through it. Of a moving picture it is the first frame.
func (d *Decoder) Still(ctx context.Context, b []byte, side int) (Still, error) {
	return d.still(ctx, b, side, func(m image.Image) bool {
		o, ok := m.(interface{ Opaque() bool })
		return !ok || !o.Opaque()
	})
}

func (d *Decoder) still(ctx context.Context, b []byte, side int, lossless func(image.Image) bool) (Still, error) {
	f, err := recognise(b)
	if err != nil {
		return Still{}, err
	}
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return Still{}, context.Cause(ctx)
	}
	m, err := f.decode(bytes.NewReader(b))
	if err != nil {
		return Still{}, errDamaged
	}
	// A decoder that finds another size than the header says would have got around the bound.
	if err := bounded(m.Bounds().Dx(), m.Bounds().Dy()); err != nil {
		return Still{}, err
	}
	m = scaled(m, side)
	var out bytes.Buffer
	if lossless(m) {
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, m)
		return Still{"image/png", out.Bytes()}, err
	}
	err = jpeg.Encode(&out, m, &jpeg.Options{Quality: 85})
	return Still{"image/jpeg", out.Bytes()}, err
}

// format is how a kind of picture is read.
type format struct {
	decode func(io.Reader) (image.Image, error)
	size   func(io.Reader) (image.Config, error)
}

// recognise tells by its first bytes what a picture is, and refuses one that would cost too
// much to decode. It reads no more than the header.
func recognise(b []byte) (format, error) {
	var f format
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		f = format{png.Decode, png.DecodeConfig}
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		f = format{jpeg.Decode, jpeg.DecodeConfig}
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		f = format{gif.Decode, gif.DecodeConfig}
	case len(b) > 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		f = format{webp.Decode, webp.DecodeConfig}
	case isVector(b):
		return f, errVector
	default:
		return f, errNoPicture
	}
	c, err := f.size(bytes.NewReader(b))
	if err != nil {
		return f, errDamaged
	}
	if bytes.Count(b, []byte("\xff\xda")) > mostScans && bytes.HasPrefix(b, []byte("\xff\xd8")) {
		return f, errTooLarge
	}
	return f, bounded(c.Width, c.Height)
}

func bounded(width, height int) error {
	switch {
	case width < 1 || height < 1:
		return errDamaged
	case width > longestSide || height > longestSide || width*height > mostPixels:
		return errTooLarge
	}
	return nil
}

// isVector reports whether something looks like an SVG, in whatever form of Unicode.
func isVector(b []byte) bool {
	head := bytes.ToLower(bytes.ReplaceAll(b[:min(len(b), 4096)], []byte{0}, nil))
	return bytes.Contains(head, []byte("<svg")) || bytes.HasPrefix(bytes.TrimLeft(head, "\xef\xbb\xbf\xfe\xff \t\r\n"), []byte("<?xml"))
}

// scaled returns a picture that fits a square: the picture itself, or a smaller one. It
// halves a large one as often as it can, because each pixel is made of four neighbours only.
func scaled(m image.Image, side int) image.Image {
	long := max(m.Bounds().Dx(), m.Bounds().Dy())
	if long <= side {
		return m
	}
	width, height := max(1, m.Bounds().Dx()*side/long), max(1, m.Bounds().Dy()*side/long)
	for m.Bounds().Dx() > width || m.Bounds().Dy() > height {
		small := image.NewRGBA(image.Rect(0, 0, max(width, m.Bounds().Dx()/2), max(height, m.Bounds().Dy()/2)))
		draw.ApproxBiLinear.Scale(small, small.Bounds(), m, m.Bounds(), draw.Src, nil)
		m = small
	}
	return m
}
