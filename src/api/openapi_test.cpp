// The contract checker of testing_openapi.hpp, and what it says about openapi.json itself.
#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>
#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "api/openapi.hpp"
#include "api/testing_openapi.hpp"
#include "api/testing_stage.hpp"
#include "domain/message_type.hpp"

namespace kanal::api::testing {
namespace {

using Adapter = valijson::adapters::BoostJsonAdapter;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return text;
}

/// `text/html;charset=utf-8` and `text/html; charset=UTF-8` are the same.
std::string normal(std::string_view media_type) {
  std::string out;
  for (const char c : media_type) {
    if (c != ' ') out += c;
  }
  return lower(out);
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_variable(const std::string& segment) { return segment.starts_with('{'); }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::ranges::equal(pattern, path, [](const std::string& wanted, const std::string& given) {
    return is_variable(wanted) ? !given.empty() : wanted == given;
  });
}

}  // namespace

struct Contract::Impl {
  explicit Impl(json::value given) : document(std::move(given)) {}

  /// The operation, or null. Literal segments win over variables.
  [[nodiscard]] const json::object* find(const std::string& method, const std::string& path, bool& path_known) const {
    const auto given = segments(path);
    const json::object* best = nullptr;
    std::ptrdiff_t best_variables = 0;
    for (const auto& entry : document.at("paths").as_object()) {
      const auto pattern = segments(entry.key());
      if (!matches(pattern, given)) continue;
      path_known = true;
      const auto* operation = entry.value().as_object().if_contains(method);
      const auto variables = std::ranges::count_if(pattern, is_variable);
      if (operation == nullptr || (best != nullptr && variables >= best_variables)) continue;
      best = &operation->as_object();
      best_variables = variables;
    }
    return best;
  }

  /// `schema` must be of the document, or live as long.
  std::optional<std::string> validate(const json::value& schema, const json::value& value) const {
    const std::scoped_lock lock(mutex);
    auto& ready = schemas[json::serialize(schema)];
    if (!ready) {
      // References are resolved from the root, so the schema becomes one that carries the components.
      auto root = std::make_unique<json::value>(
          json::object{{"allOf", json::array{schema}}, {"components", document.at("components")}});
      ready = std::make_unique<valijson::Schema>();
      valijson::SchemaParser parser;
      parser.populateSchema(Adapter(*root), *ready);
      roots.push_back(std::move(root));
    }
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(*ready, Adapter(value), &results)) return std::nullopt;
    std::string text;
    for (valijson::ValidationResults::Error error; results.popError(error);) {
      for (const auto& step : error.context) text += step;
      text += ": " + error.description + "\n";
    }
    return text;
  }

  std::optional<std::string> check_content(const json::object& response, const ObservedAnswer& answer) const {
    const auto* content = response.if_contains("content");
    if (answer.body.empty() && content == nullptr) return std::nullopt;
    if (content == nullptr) return "a body where none is described";
    for (const auto& entry : content->as_object()) {
      if (normal(entry.key()) != normal(answer.content_type)) continue;
      if (answer.method == "HEAD") return std::nullopt;
      if (normal(entry.key()).starts_with("application/json")) {
        boost::system::error_code error;
        const auto body = json::parse(answer.body, error);
        if (error) return "a body that is no JSON";
        if (const auto wrong = validate(entry.value().at("schema"), body)) return wrong;
        const auto* status =
            answer.status >= 400 && body.is_object() ? body.get_object().if_contains("timestamp") : nullptr;
        if (status != nullptr && body.at("status") != answer.status)
          return "another status in the body than on the wire";
      }
      return std::nullopt;
    }
    return "Content-Type '" + answer.content_type + "' is not described";
  }

  json::value document;
  mutable std::mutex mutex;
  mutable std::map<std::string, std::unique_ptr<valijson::Schema>> schemas;
  mutable std::vector<std::unique_ptr<json::value>> roots;
};

Contract::Contract(json::value document) : impl_(std::make_unique<Impl>(std::move(document))) {}
Contract::~Contract() = default;

const Contract& Contract::embedded() {
  static const Contract contract(json::parse(openapi_document()));
  return contract;
}

std::optional<std::string> Contract::breach(const ObservedAnswer& answer) const {
  std::string path = answer.target.substr(0, answer.target.find('?'));
  // Where a slash too many is allowed, it means the same; where not, 404 is right without it too.
  if (path.size() > 1 && path.ends_with('/') && answer.status != 404) path.pop_back();
  const std::string method = answer.method == "HEAD" ? "get" : lower(answer.method);
  bool path_known = false;
  const auto* operation = impl_->find(method, path, path_known);
  if (operation == nullptr) {
    // The info of the document says what happens outside its operations.
    const int wanted = path_known ? 405 : 404;
    const bool refused = answer.status == 401 || (answer.status == 403 && path.starts_with("/manage"));
    if (!refused && answer.status != wanted) return "an operation that is not described";
    const json::object error = {
        {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
    return impl_->check_content(error, answer);
  }
  const auto* response = operation->at("responses").as_object().if_contains(std::to_string(answer.status));
  if (response == nullptr) return "status " + std::to_string(answer.status) + " is not described";
  return impl_->check_content(response->as_object(), answer);
}

std::optional<std::string> Contract::mismatch(std::string_view schema, const json::value& value) const {
  return impl_->validate(json::object{{"$ref", "#/components/schemas/" + std::string(schema)}}, value);
}

std::vector<std::string> Contract::operations() const {
  std::vector<std::string> out;
  for (const auto& path : impl_->document.at("paths").as_object()) {
    for (const auto& operation : path.value().as_object()) {
      out.push_back(upper(operation.key()) + " " + std::string(path.key()));
    }
  }
  std::ranges::sort(out);
  return out;
}

namespace {

/// Its level is there to be asked for.
class StillLog final : public ops::ManagedLog {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
  void set_level(LogLevel) override {}
  [[nodiscard]] LogLevel level() const override { return LogLevel::info; }
  [[nodiscard]] std::uint64_t count(LogLevel) const override { return 0; }
};

class OpenApi : public ApiStage {};

TEST_F(OpenApi, DescribesEveryRouteAndNoOther) {
  std::vector<std::string> routed;
  ApiSettings everything;
  StillLog level;
  everything.management.log = &level;
  everything.management.log_file = "kanal.log";
  everything.management.shut_down = [] {};
  for (const auto& route : routes_of(parts(std::move(everything))))
    routed.push_back(route.method + " " + route.pattern);
  EXPECT_THAT(routed, ::testing::UnorderedElementsAreArray(Contract::embedded().operations()));
}

TEST_F(OpenApi, IsServedBehindTheLogin) {
  const auto given = get("/api/openapi.json");
  EXPECT_EQ(given.status, 200);
  EXPECT_EQ(given.body(), json::parse(openapi_document()));
  EXPECT_EQ(given.text_at("/openapi"), "3.1.0");
  ApiSettings locked;
  locked.user.emplace("user", Secret("password"));
  serve(std::move(locked));
  EXPECT_EQ(get("/api/openapi.json").status, 401);
}

/// Every object or array of the document, with the place where it is.
void walk(const json::value& value, const std::string& place,
          const std::function<void(const std::string&, const json::value&)>& at) {
  at(place, value);
  if (const auto* object = value.if_object()) {
    for (const auto& entry : *object) walk(entry.value(), place + "/" + std::string(entry.key()), at);
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) walk((*array)[i], place + "/" + std::to_string(i), at);
  }
}

TEST(OpenApiDocument, RefersOnlyToWhatIsThereAndUsesAllOfIt) {
  const auto document = json::parse(openapi_document());
  std::set<std::string> used;
  walk(document, "", [&](const std::string& place, const json::value& value) {
    const auto* object = value.if_object();
    const auto* target = object == nullptr ? nullptr : object->if_contains("$ref");
    if (target == nullptr) return;
    const std::string name(target->as_string());
    ASSERT_TRUE(name.starts_with("#/components/schemas/")) << place;
    EXPECT_TRUE(document.at("components").at("schemas").as_object().contains(name.substr(21))) << place << ": " << name;
    used.insert(name.substr(21));
  });
  for (const auto& schema : document.at("components").at("schemas").as_object()) {
    EXPECT_TRUE(used.contains(schema.key())) << schema.key() << " is never used";
  }
}

TEST(OpenApiDocument, NamesEveryOperationOnceAndAllItsPathVariables) {
  const auto document = json::parse(openapi_document());
  std::set<std::string> names;
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& entry : path.value().as_object()) {
      const auto& operation = entry.value().as_object();
      EXPECT_TRUE(names.insert(std::string(operation.at("operationId").as_string())).second) << path.key();
      std::vector<std::string> declared;
      if (const auto* parameters = operation.if_contains("parameters")) {
        for (const auto& parameter : parameters->as_array()) {
          if (parameter.at("in") == "path")
            declared.push_back("{" + std::string(parameter.at("name").as_string()) + "}");
        }
      }
      std::vector<std::string> wanted;
      for (const auto& segment : segments(path.key())) {
        if (is_variable(segment)) wanted.push_back(segment);
      }
      EXPECT_EQ(declared, wanted) << entry.key() << " " << path.key();
    }
  }
}

TEST(OpenApiDocument, KnowsEveryBusinessMessage) {
  const auto document = json::parse(openapi_document());
  for (const auto* schema : {"StandardBusinessDocument", "NewStandardBusinessDocument"}) {
    const auto& properties = document.at("components").at("schemas").at(schema).at("properties").as_object();
    EXPECT_EQ(properties.size(), domain::message_types().size() + 1) << schema;
    for (const auto& type : domain::message_types()) EXPECT_TRUE(properties.contains(type.name)) << type.name;
  }
}

/// What the schemas say about documents that are wrong in one way.
TEST(OpenApiSchemas, RefuseWrongBodies) {
  const auto& contract = Contract::embedded();
  struct Row {
    std::string schema, place;
    json::value wrong;  ///< null: the member is left out
  };
  const json::value status = {{"id", 1},
                              {"convId", 2},
                              {"messageId", message_1},
                              {"conversationId", conversation_1},
                              {"lastUpdate", start_time},
                              {"status", "SENDT"}};
  const json::value error = {{"timestamp", start_time}, {"status", 400},   {"error", "Bad Request"},
                             {"exception", "a.b.C"},    {"message", "no"}, {"path", "/api"}};
  const json::value subscription = {
      {"id", 1}, {"name", "n"}, {"pushEndpoint", "http://a"}, {"resource", "all"}, {"event", "status"}};
  const std::map<std::string, json::value> good = {{"StandardBusinessDocument", sbd()},
                                                   {"NewStandardBusinessDocument", sbd()},
                                                   {"MessageStatus", status},
                                                   {"Error", error},
                                                   {"Subscription", subscription}};
  for (const auto& [schema, value] : good) EXPECT_EQ(contract.mismatch(schema, value), std::nullopt) << schema;
  const std::vector<Row> rows = {
      {"StandardBusinessDocument", "/standardBusinessDocumentHeader", {}},
      {"StandardBusinessDocument", at::document + "/standard", {}},
      {"StandardBusinessDocument", at::document + "/instanceIdentifier", "no-uuid"},
      {"StandardBusinessDocument", at::document + "/creationDateAndTime", "2026-09-01T09:15:00"},
      {"StandardBusinessDocument", at::document + "/more", "unknown"},
      {"StandardBusinessDocument", at::scope + "/type", "CONVERSATION_ID"},
      {"StandardBusinessDocument", at::ttl, 1788000000},
      {"StandardBusinessDocument", at::header + "/sender/0/identifier/authority", {}},
      {"StandardBusinessDocument", at::header + "/sender", json::array{}},
      {"StandardBusinessDocument", "/third", json::object{}},
      {"StandardBusinessDocument", "/arkivmelding", "text"},
      {"StandardBusinessDocument", "/arkivmelding/sikkerhetsnivaa", "three"},
      {"NewStandardBusinessDocument", at::header + "/headerVersion", {}},
      {"NewStandardBusinessDocument", at::header + "/businessScope/scope", json::array{}},
      {"MessageStatus", "/status", "SENT"},
      {"MessageStatus", "/lastUpdate", "yesterday"},
      {"MessageStatus", "/id", "1"},
      {"MessageStatus", "/convId", {}},
      {"MessageStatus", "/more", 1},
      {"Error", "/error", "Teapot"},
      {"Error", "/status", 200},
      {"Error", "/path", {}},
      {"Error", "/trace", json::array{"line"}},
      {"Error", "/errors", json::array{json::object{{"code", "NotNull"}}}},
      {"Subscription", "/resource", "statuses"},
      {"Subscription", "/event", {}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.schema + row.place);
    auto value = good.at(row.schema);
    const auto slash = row.place.rfind('/');
    auto& parent = slash == 0 ? value.as_object() : value.at_pointer(row.place.substr(0, slash)).as_object();
    const auto member = row.place.substr(slash + 1);
    if (row.wrong.is_null()) {
      ASSERT_EQ(parent.erase(member), 1U);
    } else {
      parent[member] = row.wrong;
    }
    EXPECT_TRUE(contract.mismatch(row.schema, value)) << json::serialize(value);
  }
}

TEST(OpenApiSchemas, RefuseWrongAnswers) {
  const auto& contract = Contract::embedded();
  const std::string page = R"({"content":[]})";
  const std::vector<ObservedAnswer> wrong = {
      {"GET", "/api/statuses", 418, "application/json", "{}"},           // status
      {"GET", "/api/statuses", 200, "text/plain", page},                 // media type
      {"GET", "/api/statuses", 200, "application/json", page},           // half a page
      {"GET", "/api/statuses", 200, "application/json", "{"},            // no JSON
      {"GET", "/api/statuses/peek", 204, "", "body"},                    // a body too many
      {"GET", "/api/messages/in/pop/x", 200, "application/json", "{}"},  // no package
      {"GET", "/api/nothing", 200, "application/json", "{}"},            // unknown path
      {"PATCH", "/api/statuses", 200, "", ""},                           // unknown method
      {"PUT", "/api/messages/out/x", 200, "", "stored"},
  };
  for (const auto& answer : wrong) {
    EXPECT_TRUE(contract.breach(answer)) << answer.method << " " << answer.target << " " << answer.status;
  }
  EXPECT_EQ(contract.breach({"GET", "/api/statuses/peek?x=y", 204, "", ""}), std::nullopt);
  EXPECT_EQ(contract.breach({"GET", "/", 200, "text/html; charset=UTF-8", "<html>"}), std::nullopt);
}

}  // namespace
}  // namespace kanal::api::testing
