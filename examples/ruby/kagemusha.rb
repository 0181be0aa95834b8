# frozen_string_literal: true

# A sandbox of kagemusha for a test. It needs nothing but Ruby 3: copy it.

require "json"
require "net/http"

module Kagemusha
  SERVER = ENV.fetch("KAGEMUSHA_URL", "http://127.0.0.1:8765")

  # A world of its own, on a clock that moves only when told.
  class Sandbox
    # `env` points a process at it: HEROKU_API_URL, HEROKU_API_KEY, AWS_ENDPOINT_URL …
    attr_reader :name, :env

    # `asked` is what POST /_sim/sandboxes takes.
    def initialize(**asked)
      made = sim(:Post, "", { clock: "manual", seed: 7, now: "2030-01-01T00:00:00Z", **asked })
      @name, @env = made.values_at("name", "env")
    end

    def delete = sim(:Delete, "")

    # What the control API answers about this sandbox, nil for nothing: sim(:Get, "/pending").
    def sim(method, path, body = nil)
      token = ENV.fetch("KAGEMUSHA_ADMIN_TOKEN", nil)
      headers = token ? { "Authorization" => "Bearer #{token}" } : {}
      ask(method, ["#{SERVER}/_sim/sandboxes", *name].join("/") + path, headers, body)
    rescue SystemCallError
      raise "No kagemusha answers at #{SERVER}: start \"kagemusha serve --ephemeral\", or set KAGEMUSHA_URL."
    end

    # Everything due within so many seconds has happened when it returns.
    def advance(seconds) = sim(:Post, "/clock/advance", { seconds: })

    # Moves time until nothing is to come that isn't held.
    def until_idle = sim(:Post, "/clock/advance", { until: "idle" })

    # Orders trouble; returns the fault's id.
    def fault(**order) = sim(:Post, "/faults", order)["id"]

    # What happened: all entries of a kind ("request", "fault" or "transition"), oldest first.
    def journal(kind) = sim(:Get, "/journal?kind=#{kind}&limit=1000")["entries"]

    # A request of a client of Heroku's that must succeed.
    def heroku(method, path, body = nil)
      headers = {
        "Accept" => "application/vnd.heroku+json; version=3",
        "Authorization" => "Bearer #{env['HEROKU_API_KEY']}",
      }
      ask(method, env["HEROKU_API_URL"] + path, headers, body)
    end

    private

    def ask(method, url, headers, body)
      uri = URI(url)
      request = Net::HTTP.const_get(method).new(uri, headers)
      if body
        request.content_type = "application/json"
        request.body = JSON.generate(body)
      end
      answer = Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
      raise "#{method} #{path}: #{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPSuccess)

      JSON.parse(answer.body) if answer.body
    end
  end
end
