# frozen_string_literal: true

require "json"
require "net/http"

# The program under test: it gives an add-on a privatelink and waits for it, whatever happens on the way.
class Privatelink
  PAUSE = 60 # seconds
  PATIENCE = 30 * 60
  TRANSIENT = [429, 503].freeze
  SILENCE = [EOFError, SystemCallError, Timeout::Error].freeze

  # Heroku's own url is https://api.data.heroku.com; `sleep` takes seconds.
  def initialize(url, key, sleep: Kernel.method(:sleep))
    @url = url
    @key = key
    @sleep = sleep
  end

  # The service name of the add-on's privatelink, once it is operational.
  def connect(addon, account)
    (0..PATIENCE).step(PAUSE) do
      link = look(addon, account)
      return link["service_name"] if link && link["status"] == "Operational"

      @sleep.call(PAUSE)
    end
    raise "The privatelink of #{addon} is not operational after #{PATIENCE / 60} minutes."
  end

  private

  # The link, made if it is not there; nil if that can't be told now. It looks before it makes one: an answer that was
  # lost may have been that of a request that was carried out.
  def look(addon, account)
    uri = URI("#{@url}/private-link/v0/databases/#{addon}")
    answer = ask(Net::HTTP::Get.new(uri))
    answer = ask(Net::HTTP::Post.new(uri), { allowed_accounts: [account] }) if answer.code.to_i == 404
    return if TRANSIENT.include?(answer.code.to_i)

    said = JSON.parse(answer.body)
    raise said["message"] unless answer.is_a?(Net::HTTPSuccess)

    said
  rescue *SILENCE
    nil # there was no answer
  end

  def ask(request, body = nil)
    request["Authorization"] = "Bearer #{@key}"
    request.content_type = "application/json"
    request.body = JSON.generate(body) if body
    uri = request.uri
    Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") { |http| http.request(request) }
  end
end
