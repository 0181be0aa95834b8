# frozen_string_literal: true

require "minitest/autorun"
require "time"

require_relative "kagemusha"
require_relative "privatelink"

class PrivatelinkTest < Minitest::Test
  ACCOUNT = "123456789101"
  WORLD = {
    version: 1,
    spaces: [{ name: "harbor" }],
    apps: [{ name: "ferry", space: "harbor" }],
    addons: [{ app: "ferry", plan: "heroku-redis:private-7", name: "redis-ferry" }],
  }.freeze

  def teardown = @sandboxes&.each(&:delete)

  # A sandbox that is there until the test ends.
  def sandbox(**asked)
    made = Kagemusha::Sandbox.new(**asked)
    (@sandboxes ||= []) << made
    made
  end

  # Runs the program in a sandbox: where it would sleep, the sandbox's clock moves.
  def connect(sandbox)
    url, key = sandbox.env.values_at("HEROKU_API_URL", "HEROKU_API_KEY")
    Privatelink.new(url, key, sleep: sandbox.method(:advance)).connect("redis-ferry", ACCOUNT)
  end

  # The journal's requests for an operation.
  def requests(sandbox, operation) = sandbox.journal("request").select { |entry| entry["operation"] == operation }

  def test_the_article_ends_with_the_config_var
    world = sandbox
    world.heroku(:Post, "/spaces", { name: "harbor", team: "kagemusha" })
    world.until_idle
    world.heroku(:Post, "/teams/apps", { name: "ferry", space: "harbor" })
    world.heroku(:Post, "/apps/ferry/addons", { plan: "heroku-redis:private-7", name: "redis-ferry" })
    world.until_idle

    service = connect(world)
    assert_match(/\Acom\.amazonaws\.vpce\.us-east-1\.vpce-svc-\h{17}\z/, service)

    principal = "arn:aws:iam::#{ACCOUNT}:user/abc.xyz"
    endpoint = world.sim(:Post, "/endpoints", { service_name: service, principal_arn: principal })["endpoint_id"]
    world.until_idle
    variable = "REDIS_ENDPOINT_#{endpoint.delete_prefix('vpce-').upcase}_URL"
    config = world.heroku(:Get, "/apps/ferry/config-vars")
    assert_equal [variable, "REDIS_URL"], config.keys.sort
    assert_match %r{\Aredis://h:p\h{64}@vpce-.*\.vpce\.amazonaws\.com:6379\z}, config[variable]
  end

  def test_a_held_link_is_given_up_and_comes_later
    world = sandbox(scenario: WORLD)
    fault = world.fault(stage: "privatelink.provisioning", effect: { hold: true })
    given_up = assert_raises(RuntimeError) { connect(world) }
    assert_match(/not operational after 30 minutes/, given_up.message)
    assert world.sim(:Get, "/pending")["pending"].first["held"]

    world.sim(:Delete, "/faults/#{fault}")
    assert_match(/vpce-svc-/, connect(world))
  end

  def test_a_503_at_first_is_outlasted
    world = sandbox(scenario: WORLD)
    fault = world.fault(operation: "privatelink.create", effect: { status: 503 }, times: 2)
    connect(world)

    assert_equal [2, 0], world.sim(:Get, "/faults/#{fault}").values_at("hits", "remaining")
    met = requests(world, "privatelink.create").map { |entry| entry.values_at("status", "fault") }
    assert_equal [[503, fault], [503, fault], [201, nil]], met
  end

  def test_a_rate_limit_is_waited_out
    world = sandbox(scenario: WORLD)
    fault = world.fault(operation: "*", effect: { rate_limit: true }, times: 1)
    connect(world)

    limited, following = requests(world, "privatelink.info")
    assert_equal [429, fault, 404], [limited["status"], limited["fault"], following["status"]]
    assert_equal 60, Time.iso8601(following["at"]) - Time.iso8601(limited["at"])
  end

  def test_a_lost_answer_makes_no_second_link
    world = sandbox(scenario: WORLD)
    world.fault(operation: "privatelink.create", effect: { disconnect: "after" }, times: 1)
    connect(world)

    assert_equal([nil], requests(world, "privatelink.create").map { |entry| entry["status"] })
    assert_equal([{ "disconnect" => "after" }], world.journal("fault").map { |entry| entry["effect"] })
  end

  def test_a_sandbox_is_a_world_of_its_own
    world = sandbox(scenario: WORLD)
    other = sandbox
    assert_equal(["ferry"], world.heroku(:Get, "/apps").map { |app| app["name"] })
    assert_empty other.heroku(:Get, "/apps")
  end
end
