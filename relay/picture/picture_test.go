package picture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"go.uber.org/goleak"

	"github.com/connector-relay/relay/relay/picture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawn is a picture with something on it.
func drawn(w, h int, alpha uint8) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / w), uint8(y * 255 / h), 128, alpha})
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, frames ...*image.Paletted) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: frames, Delay: make([]int, len(frames))}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func frame(w, h int, c color.Color) *image.Paletted {
	return image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.Black})
}

func webP(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/lossy.webp")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnUploadBecomesASmallPNG(t *testing.T) {
	tests := []struct {
		name          string
		in            []byte
		width, height int
	}{
		{"a PNG that fits stays as large as it is", asPNG(t, drawn(64, 32, 255)), 64, 32},
		{"a large PNG", asPNG(t, drawn(1000, 500, 200)), 256, 128},
		{"a tall JPEG", asJPEG(t, drawn(300, 3000, 255)), 25, 256},
		{"a line", asPNG(t, drawn(8000, 1, 255)), 256, 1},
		{"a moving GIF", asGIF(t, frame(512, 512, color.White), frame(512, 512, color.Black)), 256, 256},
		{"WebP", webP(t), 150, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, err := picture.NewDecoder().Icon(t.Context(), test.in, 256)
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Bounds().Size(); got != image.Pt(test.width, test.height) {
				t.Errorf("it is %v, want %dx%d", got, test.width, test.height)
			}
		})
	}
}

// TestTheFirstFrameCounts: what a moving picture shows later is neither decoded nor shown.
func TestTheFirstFrameCounts(t *testing.T) {
	b, err := picture.NewDecoder().Icon(t.Context(), asGIF(t, frame(4, 4, color.White), frame(4, 4, color.Black)), 256)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := m.At(1, 1).RGBA(); r != 0xffff {
		t.Errorf("the picture is %v, not the white of its first frame", m.At(1, 1))
	}
}

func TestASmallerPictureLooksLikeTheLargeOne(t *testing.T) {
	// Lines one pixel wide turn grey, neither black nor white, when neighbours are mixed.
	lines := image.NewGray(image.Rect(0, 0, 1600, 1600))
	for i := range lines.Pix {
		lines.Pix[i] = uint8(i%2) * 255
	}
	b, err := picture.NewDecoder().Icon(t.Context(), asPNG(t, lines), 100)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for x := range 100 {
		if grey := color.GrayModel.Convert(m.At(x, x)).(color.Gray).Y; grey < 110 || grey > 145 {
			t.Fatalf("at %d it has the brightness %d", x, grey)
		}
	}
}

func TestAPictureThatShowsThroughStaysAPNG(t *testing.T) {
	for alpha, want := range map[uint8]string{255: "image/jpeg", 100: "image/png"} {
		s, err := picture.NewDecoder().Still(t.Context(), asPNG(t, drawn(2000, 10, alpha)), 1024)
		if err != nil || s.Type != want {
			t.Errorf("alpha %d: %s, %v, want %s", alpha, s.Type, err, want)
		}
	}
}

// TestWhatIsNoPictureIsRefused with a sentence, before it costs anything.
func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := asPNG(t, drawn(64, 64, 255))
	utf16BOM := []byte{0xff, 0xfe}
	for _, c := range utf16.Encode([]rune(`<svg xmlns="http://www.w3.org/2000/svg"/>`)) {
		utf16BOM = append(utf16BOM, byte(c), byte(c>>8))
	}
	tests := []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", nil, "not a picture"},
		{"a page", []byte("<!doctype html><script>alert(1)</script>"), "not a picture"},
		{"a PDF", []byte("%PDF-1.7 "), "not a picture"},
		{"a TIFF", []byte("II*\x00"), "not a picture"},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "SVG"},
		{"an SVG after a comment", []byte("\ufeff <?xml version=\"1.0\"?><!-- x --><SVG/>"), "SVG"},
		{"an SVG in UTF-16", utf16BOM, "SVG"},
		{"half a PNG", whole[:len(whole)/2], "damaged"},
		{"a PNG of nothing but its mark", whole[:8], "damaged"},
		{"a PNG whose header promises 2.5 billion pixels", resized(whole, 50_000, 50_000), "too many pixels"},
		{"a PNG that is a line without an end", resized(whole, 1<<30, 1), "too many pixels"},
		{"a PNG without a height", resized(whole, 64, 0), "damaged"},
		{"a JPEG of 65535 by 65535", []byte("\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"), "too many pixels"},
		{"a GIF of 65535 by 65535", []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00;"), "too many pixels"},
		{"a GIF whose frame is larger than its screen", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x00;"), "damaged"},
		{"a JPEG of a thousand scans", manyScans(1000, 16), "too many pixels"},
		{"a WebP whose frame is larger than its canvas", largerThanItsCanvas(webP(t)), "damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := picture.NewDecoder().Icon(t.Context(), test.in, 256)
			refused, ok := errors.AsType[picture.RefusedError](err)
			if !ok || !strings.Contains(string(refused), test.want) {
				t.Errorf("%v, want a refusal that says %q", err, test.want)
			}
		})
	}
}

// TestNothingButThePictureIsLeft of a file that is also something else, or that says more
// than a picture should.
func TestNothingButThePictureIsLeft(t *testing.T) {
	const canary = "<script>alert('canary')</script>"
	comment := append([]byte{0xff, 0xfe, 0, byte(len(canary) + 2)}, canary...)
	photograph := asJPEG(t, drawn(32, 32, 255))
	plain := asPNG(t, drawn(32, 32, 255))
	moving := asGIF(t, frame(8, 8, color.White))
	text := chunk("tEXt", "Comment\x00"+canary)
	tests := map[string][]byte{
		"a comment in a JPEG":       append(append(bytes.Clone(photograph[:2]), comment...), photograph[2:]...),
		"a text in a PNG":           append(append(bytes.Clone(plain[:33]), text...), plain[33:]...),
		"what follows a PNG's end":  append(bytes.Clone(plain), canary...),
		"what follows a GIF's end":  append(bytes.Clone(moving), canary...),
		"a GIF's comment":           append(append(bytes.Clone(moving[:13]), "!\xfe"+string(rune(len(canary)))+canary+"\x00"...), moving[13:]...),
		"a JPEG's place and camera": append(append(bytes.Clone(photograph[:2]), append([]byte{0xff, 0xe1, 0, byte(len(canary) + 8)}, "Exif\x00\x00"+canary...)...), photograph[2:]...),
	}
	for name, in := range tests {
		if !bytes.Contains(in, []byte("canary")) {
			t.Fatalf("%s: the file does not hold what should go", name)
		}
		still, err := picture.NewDecoder().Still(t.Context(), in, 256)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(still.Bytes, []byte("canary")) {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestWhoDoesNotWaitForATurnIsToldSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	d := picture.NewDecoder()
	for range 100 { // of two ready cases select takes either
		if _, err := d.Icon(ctx, asPNG(t, drawn(8, 8, 255)), 256); err != nil {
			if err.Error() != "gone" {
				t.Error(err)
			}
			return
		}
	}
	t.Error("a hundred pictures were drawn for somebody who had gone")
}

// FuzzDecoder: no bytes bring the decoder down or make a large picture.
func FuzzDecoder(f *testing.F) {
	f.Add(asPNG(f, drawn(8, 8, 100)))
	f.Add(asJPEG(f, drawn(8, 8, 255)))
	f.Add(asGIF(f, frame(8, 8, color.White)))
	f.Add(webP(f))
	f.Add(manyScans(3, 8))
	f.Add([]byte("<svg/>"))
	d := picture.NewDecoder()
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := d.Icon(t.Context(), b, 16)
		if err != nil {
			if _, ok := errors.AsType[picture.RefusedError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		c, err := png.DecodeConfig(bytes.NewReader(out))
		if err != nil || c.Width > 16 || c.Height > 16 {
			t.Fatalf("%dx%d, %v", c.Width, c.Height, err)
		}
	})
}

func chunk(kind, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, kind+data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+data)))
}

// resized gives a PNG another size in its header.
func resized(b []byte, width, height uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	header = append(header, b[24:29]...)
	return append(append(bytes.Clone(b[:8]), chunk("IHDR", string(header))...), b[33:]...)
}

// manyScans is a progressive JPEG that passes over all its pixels many times, and each time
// says only that there is nothing.
func manyScans(scans, side int) []byte {
	b := []byte("\xff\xd8\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64))
	b = append(b, "\xff\xc2\x00\x0b\x08"...)
	b = binary.BigEndian.AppendUint16(b, uint16(side))
	b = binary.BigEndian.AppendUint16(b, uint16(side))
	b = append(b, "\x01\x01\x11\x00"...)
	// One code, of one bit, that stands for the end of 16384 blocks and more.
	b = append(b, "\xff\xc4\x00\x14\x10\x01"+strings.Repeat("\x00", 15)+"\xe0"...)
	blocks := (side + 7) / 8 * ((side + 7) / 8)
	for range scans {
		b = append(b, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"...)
		b = append(b, make([]byte, (blocks/16384+1)*15/8+1)...)
	}
	return append(b, "\xff\xd9"...)
}

// largerThanItsCanvas puts a frame into a container that promises one pixel.
func largerThanItsCanvas(b []byte) []byte {
	body := append([]byte("WEBPVP8X\x0a\x00\x00\x00"+strings.Repeat("\x00", 10)), b[12:]...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}
