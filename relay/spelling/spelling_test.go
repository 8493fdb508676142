package spelling

import "testing"

func TestTheNameThatWasMeantIsFound(t *testing.T) {
	names := []string{"channel", "connector", "relay", "url", "when", "to"}
	for given, want := range map[string]string{
		"chanel": "channel", "Channel": "channel", "conector": "connector", "relya": "relay", "ulr": "url", "whne": "when", "ot": "to", "t": "to",
		"receiver": "", "xyz": "", "": "", "channels": "channel",
	} {
		if got := Nearest(given, names); got != want {
			t.Errorf("%q gives %q, want %q", given, got, want)
		}
	}
}
