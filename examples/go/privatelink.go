// Package privatelink is the program under test: it gives an add-on a privatelink and waits for it, whatever happens
// on the way.
package privatelink

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	pause    = time.Minute
	patience = 30 * time.Minute
)

// API is where Heroku's Data API is (https://api.data.heroku.com), and the key.
type API struct {
	URL, Key string
	Sleep    func(time.Duration) // time.Sleep
}

type link struct {
	Status      string
	ServiceName string `json:"service_name"`
	Message     string
}

// Connect returns the service name of the add-on's privatelink, once it is operational.
func (api API) Connect(addon, account string) (string, error) {
	for waited := time.Duration(0); waited <= patience; waited += pause {
		found, err := api.look(addon, account)
		if err != nil {
			return "", err
		}
		if found.Status == "Operational" {
			return found.ServiceName, nil
		}
		api.Sleep(pause)
	}
	return "", fmt.Errorf("the privatelink of %s is not operational after %v", addon, patience)
}

// look returns the link, made if it is not there; an empty one if that can't be told now. It looks before it makes
// one: an answer that was lost may have been that of a request that was carried out.
func (api API) look(addon, account string) (link, error) {
	url := api.URL + "/private-link/v0/databases/" + addon
	response, err := api.ask("GET", url, "")
	if err == nil && response.StatusCode == http.StatusNotFound {
		response.Body.Close()
		response, err = api.ask("POST", url, fmt.Sprintf(`{"allowed_accounts": [%q]}`, account))
	}
	if err != nil {
		return link{}, nil // there was no answer
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return link{}, nil
	}
	var found link
	err = json.NewDecoder(response.Body).Decode(&found)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", response.Status, found.Message)
	}
	return found, err
}

func (api API) ask(method, url, body string) (*http.Response, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+api.Key)
	request.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(request)
}
