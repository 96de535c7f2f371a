// /api/subscriptions: web-hooks (rest-api.md section 10), and their replay.
#include <algorithm>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/parse.hpp>

#include "api/route_support.hpp"
#include "domain/webhook_filter.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

constexpr std::size_t max_body = 64 * 1024;
constexpr std::size_t max_text = 255;
constexpr std::size_t max_url = 2048;

/// What a client wrote; absent and null are the same.
struct Wanted {
  std::optional<std::string> name, push_endpoint, resource, event, filter;
  bool has_id = false;
};

std::optional<std::string> text_member(const json::object& body, std::string_view name) {
  const auto* const value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

Result<Wanted> read_body(const Bytes& body) {
  json::parse_options limits;
  limits.max_depth = 8;
  boost::system::error_code error;
  const auto value = json::parse(text_of(body), error, {}, limits);
  if (error || !value.is_object()) {
    return reject("sbd.unreadable", error ? error.message() : "a JSON object is expected");
  }
  const auto& object = value.get_object();
  const auto* const id = object.if_contains("id");
  return Wanted{text_member(object, "name"),  text_member(object, "pushEndpoint"), text_member(object, "resource"),
                text_member(object, "event"), text_member(object, "filter"),       id != nullptr && !id->is_null()};
}

bool is_url(std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  return text.size() <= max_url && url &&
         (url->scheme_id() == boost::urls::scheme::http || url->scheme_id() == boost::urls::scheme::https) &&
         !url->host().empty() && !url->has_userinfo();
}

/// Collects what is wrong with a body.
class Checks {
 public:
  void required(std::string_view path, const std::optional<std::string>& value) {
    if (!value) add(path, "NotNull", "must not be null", nullptr);
  }
  void length(std::string_view path, const std::optional<std::string>& value) {
    if (value && value->size() > max_text) {
      add(path, "Size", fmt::format("size must be between 0 and {}", max_text), json::value(value->substr(0, 64)));
    }
  }
  void one_of(std::string_view path, const std::optional<std::string>& value, const std::vector<std::string>& allowed) {
    if (!value || std::ranges::find(allowed, *value) != allowed.end()) return;
    add(path, "OneOf", fmt::format("'{}' is not expected. Allowed values are: [{}]", *value, fmt::join(allowed, ", ")),
        json::value(*value));
  }
  void url(std::string_view path, const std::optional<std::string>& value) {
    if (value && !is_url(*value)) add(path, "URL", "must be a valid URL", json::value(*value));
  }
  void filter(std::string_view path, const std::optional<std::string>& value) {
    if (value && (value->size() > max_text || !domain::WebhookFilter::parse(*value))) {
      add(path, "WebhookFilter", "Must be a valid filter definition.", json::value(*value));
    }
  }
  void absent(std::string_view path, bool given) {
    if (given) add(path, "Null", "must be null", nullptr);
  }
  [[nodiscard]] const std::vector<domain::Violation>& found() const { return found_; }

 private:
  void add(std::string_view path, std::string_view code, std::string message, json::value rejected) {
    found_.push_back({std::string(path), std::string(code), std::move(message), std::move(rejected)});
  }
  std::vector<domain::Violation> found_;
};

Checks rules_of_values(const Wanted& wanted) {
  Checks checks;
  checks.length("name", wanted.name);
  checks.url("pushEndpoint", wanted.push_endpoint);
  checks.one_of("resource", wanted.resource, {"all", "messages"});
  checks.one_of("event", wanted.event, {"all", "status"});
  checks.filter("filter", wanted.filter);
  return checks;
}

json::object subscription_json(const ports::Subscription& s) {
  json::object out{
      {"id", s.id}, {"name", s.name}, {"pushEndpoint", s.push_endpoint}, {"resource", s.resource}, {"event", s.event}};
  if (s.filter) out["filter"] = *s.filter;
  // More than the Java version says, and only of a receiver in trouble.
  if (s.failures > 0) {
    out["failures"] = s.failures;
    out["lastError"] = s.last_error;
  }
  if (s.disabled) out["disabledSince"] = instant(*s.disabled);
  return out;
}

ApiError already_exists() {
  return own_error(400, "SubscriptionWithSameNameAndPushEndpointAlreadyExists",
                   "Subscription with same name and push endpoint already exists.");
}

net::Response refused(const ApiParts& parts, const net::Request& request, const Error& error) {
  return error_response(parts, request, error.code == "store.exists" ? already_exists() : api_error(error));
}

bool is_taken(ports::View& view, const ports::Subscription& wanted) {
  return std::ranges::any_of(view.subscriptions(), [&](const auto& other) {
    return other.id != wanted.id && other.name == wanted.name && other.push_endpoint == wanted.push_endpoint;
  });
}

net::Response create(const ApiParts& parts, const net::Request& request, const Bytes& body) {
  const auto wanted = read_body(body);
  if (!wanted) return error_response(parts, request, wanted.error());
  auto checks = rules_of_values(*wanted);
  checks.absent("id", wanted->has_id);
  checks.required("name", wanted->name);
  checks.required("pushEndpoint", wanted->push_endpoint);
  checks.required("resource", wanted->resource);
  checks.required("event", wanted->event);
  if (!checks.found().empty()) return error_response(parts, request, body_violations(checks.found(), "subscription"));
  ports::Subscription made;
  made.name = *wanted->name;
  made.push_endpoint = *wanted->push_endpoint;
  made.resource = *wanted->resource;
  made.event = *wanted->event;
  made.filter = wanted->filter;
  made.created = parts.clock.now();
  const auto taken = load(parts.store, [&](ports::View& view) -> Result<bool> { return is_taken(view, made); });
  if (!taken) return error_response(parts, request, taken.error());
  if (*taken) return error_response(parts, request, already_exists());
  if (auto pinged = parts.webhooks.ping(made.push_endpoint); !pinged) {
    return error_response(parts, request, pinged.error());
  }
  auto stored = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    const auto end = txn.feed_end();
    if (!end) return failed(end);
    made.position = *end;  // what happened before is not told
    return txn.insert(made);
  });
  if (!stored) return refused(parts, request, stored.error());
  parts.webhooks.hint();
  return json_response(200, subscription_json(made));
}

net::Response update(const ApiParts& parts, const net::Request& request, std::int64_t id, const Bytes& body) {
  const auto wanted = read_body(body);
  if (!wanted) return error_response(parts, request, wanted.error());
  const auto checks = rules_of_values(*wanted);
  if (!checks.found().empty()) return error_response(parts, request, body_violations(checks.found(), "subscription"));
  const auto change = [&](ports::Subscription& s) {
    if (wanted->name) s.name = *wanted->name;
    if (wanted->push_endpoint) s.push_endpoint = *wanted->push_endpoint;
    if (wanted->resource) s.resource = *wanted->resource;
    if (wanted->event) s.event = *wanted->event;
    if (wanted->filter) s.filter = *wanted->filter;
  };
  auto before = load(parts.store, [&](ports::View& view) -> Result<std::optional<ports::Subscription>> {
    return view.subscription(id);
  });
  if (!before) return error_response(parts, request, before.error());
  if (!*before) return error_response(parts, request, subscription_not_found(id));
  auto after = **before;
  change(after);
  const auto taken = load(parts.store, [&](ports::View& view) -> Result<bool> { return is_taken(view, after); });
  if (!taken) return error_response(parts, request, taken.error());
  if (*taken) return error_response(parts, request, already_exists());
  if (after.push_endpoint != (*before)->push_endpoint) {
    if (auto pinged = parts.webhooks.ping(after.push_endpoint); !pinged) {
      return error_response(parts, request, pinged.error());
    }
  }
  bool there = false;
  auto stored = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    auto current = txn.subscription(id);
    there = current.has_value();
    if (!there) return {};
    change(*current);
    // Its owner has looked at it: it is tried again at once, from where it stopped.
    current->disabled.reset();
    current->not_before.reset();
    current->failing_since.reset();
    current->failures = 0;
    return txn.update(*current);
  });
  if (!stored) return refused(parts, request, stored.error());
  if (!there) return error_response(parts, request, subscription_not_found(id));
  parts.webhooks.hint();
  return empty_response(200);
}

/// `from`: the id of the first status wanted again; absent: everything that is stored.
net::Response replay(const ApiParts& parts, const net::Request& request, std::int64_t id) {
  Parameters parameters(request);
  const auto from = parameters.integer("from");
  if (!parameters.wrong().empty()) return error_response(parts, request, binding_errors(parameters.wrong()));
  bool there = false;
  auto stored = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    auto current = txn.subscription(id);
    there = current.has_value();
    if (!there) return {};
    const auto position = txn.feed_position(from.value_or(0));
    if (!position) return failed(position);
    current->position = *position;
    current->not_before.reset();
    current->disabled.reset();
    current->failing_since.reset();
    current->failures = 0;
    return txn.update(*current);
  });
  if (!stored) return error_response(parts, request, stored.error());
  if (!there) return error_response(parts, request, subscription_not_found(id));
  parts.webhooks.hint();
  return empty_response(200);
}

net::Response list(const ApiParts& parts, const net::Request& request) {
  const auto page = Parameters(request).page({});
  auto all = load(parts.store,
                  [](ports::View& view) -> Result<std::vector<ports::Subscription>> { return view.subscriptions(); });
  if (!all) return error_response(parts, request, all.error());
  for (auto key = page.sort.rbegin(); key != page.sort.rend(); ++key) {
    const auto text_of_key = [&](const ports::Subscription& s) -> std::optional<std::string> {
      if (key->property == "name") return s.name;
      if (key->property == "pushEndpoint") return s.push_endpoint;
      if (key->property == "resource") return s.resource;
      if (key->property == "event") return s.event;
      if (key->property == "filter") return s.filter.value_or("");
      return std::nullopt;
    };
    const bool by_id = key->property == "id";
    if (!by_id && !text_of_key({})) {
      return error_response(parts, request,
                            Error{"query.sort",
                                  fmt::format("cannot sort by '{}'; possible are id, name, pushEndpoint, resource, "
                                              "event, filter",
                                              key->property.substr(0, 64)),
                                  Disposition::reject,
                                  {},
                                  {}});
    }
    std::ranges::stable_sort(*all, [&](const auto& a, const auto& b) {
      const auto& first = key->descending ? b : a;
      const auto& second = key->descending ? a : b;
      return by_id ? first.id < second.id : text_of_key(first) < text_of_key(second);
    });
  }
  json::array content;
  const auto total = static_cast<std::int64_t>(all->size());
  for (auto i = page.page * page.size; i < std::min(total, (page.page + 1) * page.size); ++i) {
    content.push_back(subscription_json((*all)[static_cast<std::size_t>(i)]));
  }
  return json_response(200, page_json(std::move(content), total, page));
}

net::Response get(const ApiParts& parts, const net::Request& request, std::int64_t id) {
  const auto found = load(parts.store, [&](ports::View& view) -> Result<std::optional<ports::Subscription>> {
    return view.subscription(id);
  });
  if (!found) return error_response(parts, request, found.error());
  if (!*found) return error_response(parts, request, subscription_not_found(id));
  return json_response(200, subscription_json(**found));
}

net::Response remove(const ApiParts& parts, const net::Request& request, std::int64_t id) {
  bool there = false;
  auto removed = parts.store.write([&](ports::Txn& txn) -> Result<void> {
    auto done = txn.remove_subscription(id);
    if (!done) return failed(done);
    there = *done;
    return {};
  });
  if (!removed) return error_response(parts, request, removed.error());
  return there ? empty_response(200) : error_response(parts, request, subscription_not_found(id));
}

net::Response remove_all(const ApiParts& parts, const net::Request& request) {
  auto removed = parts.store.write([](ports::Txn& txn) -> Result<void> {
    for (const auto& subscription : txn.subscriptions()) {
      if (auto done = txn.remove_subscription(subscription.id); !done) return failed(done);
    }
    return {};
  });
  return removed ? empty_response(200) : error_response(parts, request, removed.error());
}

using WithId = net::Response (*)(const ApiParts&, const net::Request&, std::int64_t);

/// The endpoint of one subscription; an id that is no number is 400.
net::Router::Endpoint on_one(const ApiParts& parts, WithId work) {
  return [&parts, work](const RequestPtr& request, const auto& variables) -> Answer {
    const auto id = whole_number(variables.front());
    if (!id) return error_response(parts, *request, type_mismatch({"id", variables.front(), "a number"}));
    return work(parts, *request, *id);
  };
}

/// Reads a JSON body first.
Answer with_body(const ApiParts& parts, const RequestPtr& request, std::function<net::Response(const Bytes&)> work) {
  const auto type = request->header("Content-Type");
  if (!is_media_type(type, "application/json")) return error_response(parts, *request, unsupported_media_type(type));
  return net::collect_body(max_body, std::move(work), [&parts, request] {
    return error_response(parts, *request, too_large("A subscription is at most 64 kB"));
  });
}

}  // namespace

void add_subscription_routes(net::Router& router, const ApiParts& parts) {
  constexpr const char* all = "/api/subscriptions";
  constexpr const char* one = "/api/subscriptions/{id}";
  router.add("GET", all, [&parts](const RequestPtr& request, const auto&) -> Answer { return list(parts, *request); });
  router.add("POST", all, [&parts](const RequestPtr& request, const auto&) -> Answer {
    return with_body(parts, request, [&parts, request](const Bytes& body) { return create(parts, *request, body); });
  });
  router.add("DELETE", all,
             [&parts](const RequestPtr& request, const auto&) -> Answer { return remove_all(parts, *request); });
  router.add("GET", one, on_one(parts, get));
  router.add("PUT", one, [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    const auto id = whole_number(variables.front());
    if (!id) return error_response(parts, *request, type_mismatch({"id", variables.front(), "a number"}));
    return with_body(parts, request,
                     [&parts, request, id = *id](const Bytes& body) { return update(parts, *request, id, body); });
  });
  router.add("DELETE", one, on_one(parts, remove));
  router.add("POST", "/api/subscriptions/{id}/replay", on_one(parts, replay));
}

}  // namespace kanal::api
