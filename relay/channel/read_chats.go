package channel

// The chat systems whose answers are read by their status.

func readSlack(a answer) reading      { return readWebhook(a) }
func readMattermost(a answer) reading { return readWebhook(a) }
func readRocketChat(a answer) reading { return readWebhook(a) }
func readDiscord(a answer) reading    { return readWebhook(a) }
func readGoogleChat(a answer) reading { return readWebhook(a) }
func readWebex(a answer) reading      { return readWebhook(a) }
func readZulip(a answer) reading      { return readWebhook(a) }
func readHookshot(a answer) reading   { return readWebhook(a) }
func readMatrix(a answer) reading     { return readWebhook(a) }
func readNtfy(a answer) reading       { return readWebhook(a) }
