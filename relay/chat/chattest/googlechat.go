package chattest

import (
	"errors"
	"fmt"
)

// The part of a message with cards that a webhook may send:
// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards.
type (
	googleText struct {
		Text string `json:"text"`
	}
	googleWidget struct {
		TextParagraph *googleText `json:"textParagraph"`
		DecoratedText *struct {
			TopLabel    string `json:"topLabel"`
			Text        string `json:"text"`
			BottomLabel string `json:"bottomLabel"`
			WrapText    bool   `json:"wrapText"`
			StartIcon   *struct {
				IconURL   string `json:"iconUrl"`
				ImageType string `json:"imageType"`
				AltText   string `json:"altText"`
			} `json:"startIcon"`
		} `json:"decoratedText"`
		Image *struct {
			ImageURL string `json:"imageUrl"`
			AltText  string `json:"altText"`
		} `json:"image"`
		ButtonList *struct {
			Buttons []struct {
				Text    string `json:"text"`
				OnClick struct {
					OpenLink struct {
						URL string `json:"url"`
					} `json:"openLink"`
				} `json:"onClick"`
			} `json:"buttons"`
		} `json:"buttonList"`
	}
	googleCard struct {
		ID   string `json:"cardId"`
		Card struct {
			Header *struct {
				Title    string `json:"title"`
				Subtitle string `json:"subtitle"`
				ImageURL string `json:"imageUrl"`
			} `json:"header"`
			Sections []struct {
				Header  string         `json:"header"`
				Widgets []googleWidget `json:"widgets"`
			} `json:"sections"`
		} `json:"card"`
	}
)

func googleMessage(body []byte) error {
	var m struct {
		Text   string       `json:"text"`
		Cards  []googleCard `json:"cardsV2"`
		Thread *struct {
			Key string `json:"threadKey"`
		} `json:"thread"`
	}
	if err := strictly(body, &m); err != nil {
		return err
	}
	if len(body) > 32_000 || len(m.Cards) != 1 || len(m.Cards[0].Card.Sections) == 0 {
		return fmt.Errorf("%d bytes, %d cards", len(body), len(m.Cards))
	}
	c := m.Cards[0].Card
	if c.Header == nil || c.Header.Title == "" {
		return errors.New("a header without a title")
	}
	widgets := 0
	for _, s := range c.Sections {
		if len(s.Widgets) == 0 {
			return errors.New("a section without a widget")
		}
		widgets += len(s.Widgets)
		for _, w := range s.Widgets {
			if err := w.judge(); err != nil {
				return err
			}
		}
	}
	if widgets > 100 {
		return fmt.Errorf("%d widgets", widgets)
	}
	return nil
}

// judge: a widget is exactly one thing, and that is not empty.
func (w googleWidget) judge() error {
	kinds := 0
	if w.TextParagraph != nil {
		kinds++
		if w.TextParagraph.Text == "" {
			return errors.New("a paragraph without a text")
		}
	}
	if w.DecoratedText != nil {
		kinds++
		if w.DecoratedText.Text == "" {
			return errors.New("a line without a text")
		}
	}
	if w.Image != nil {
		kinds++
		if w.Image.ImageURL == "" {
			return errors.New("a picture without an address")
		}
	}
	if w.ButtonList != nil {
		kinds++
		for _, b := range w.ButtonList.Buttons {
			if b.Text == "" || b.OnClick.OpenLink.URL == "" {
				return errors.New("a button without a text or an address")
			}
		}
	}
	if kinds != 1 {
		return fmt.Errorf("a widget of %d kinds", kinds)
	}
	return nil
}
