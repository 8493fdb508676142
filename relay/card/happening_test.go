package card_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/connector-relay/relay/relay/card"
)

func ExampleHappening() {
	c := card.Happening{
		Title: "Ada closed issue 17", Color: "8250DF", Who: card.Link("Ada", "https://git.example/ada"), Where: "acme/relay",
		Facts: []card.Fact{{Name: "Labels", Value: "bug"}}, Address: "https://git.example/acme/relay/17", Button: "Open issue",
	}.Card()
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(string(b))
	// Output:
	// {
	//   "@type": "MessageCard",
	//   "@context": "https://schema.org/extensions",
	//   "summary": "Ada closed issue 17",
	//   "title": "Ada closed issue 17",
	//   "themeColor": "8250DF",
	//   "sections": [
	//     {
	//       "activityTitle": "[Ada](https://git.example/ada)",
	//       "activitySubtitle": "acme/relay",
	//       "facts": [
	//         {
	//           "name": "Labels",
	//           "value": "bug"
	//         }
	//       ]
	//     }
	//   ],
	//   "potentialAction": [
	//     {
	//       "@type": "OpenUri",
	//       "name": "Open issue",
	//       "targets": [
	//         {
	//           "os": "default",
	//           "uri": "https://git.example/acme/relay/17"
	//         }
	//       ]
	//     }
	//   ]
	// }
}

func TestWhatAHappeningDoesNotSayIsNotOnItsCard(t *testing.T) {
	got := card.Happening{Title: "Done", Picture: "https://git.example/ada.png", Address: "javascript:x", Button: "Open"}.Card()
	if want := (card.Card{Summary: "Done", Title: "Done"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
