#include "sim/fiks_io_login.hpp"

#include "crypto/digest.hpp"
#include "sim/fiks_io_queues.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view scope = "ks:fiks";
constexpr std::size_t max_question_bytes = std::size_t{64} * 1024;

std::string_view value_of(const std::map<std::string, std::string, std::less<>>& question, std::string_view name) {
  const auto found = question.find(name);
  return found == question.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace

Result<FiksIoIntegration> FiksIoCredentials::check(std::string_view id, std::string_view password,
                                                   std::string_view authorization) {
  const auto token = check_.check(authorization);
  if (!token) return failed(token);
  if (!(*token)->has_scope(scope)) return reject("token.scope", "the token lacks the scope ks:fiks");
  auto integration = state_.integration(std::string(id));
  if (!integration || !crypto::equal(bytes_of(integration->password.reveal()), bytes_of(password))) {
    return reject("fiksio.integration", "unknown integration, or another password");
  }
  const auto& consumer = (*token)->consumer;
  if (integration->orgnr != consumer.substr(consumer.rfind(':') + 1)) {
    return reject("fiksio.integration", "the token is not that of the integration's organisation");
  }
  return std::move(*integration);
}

FiksIoLogin::FiksIoLogin(const FiksIoState& state, FiksIoCredentials& credentials, const Environment& environment,
                         std::uint16_t port)
    : environment_(environment),
      state_(state),
      credentials_(credentials),
      site_("fiksio-login", {.port = port}, environment) {
  add("user", [this](const Question& question) { return user(question); });
  add("vhost", [this](const Question& question) { return vhost(question); });
  add("resource", [this](const Question& question) { return resource(question); });
  add("topic", [](const Question&) { return std::string("no client may use topics"); });
}

void FiksIoLogin::add(const std::string& what, const Judge& judge) {
  using Request = std::shared_ptr<const net::Request>;
  const auto path = "/amqp-auth/" + what;
  site_.routes().add("GET", path, [this, what, judge](const Request& request, const auto&) -> Answer {
    return answer(what, judge, {request->query.begin(), request->query.end()});
  });
  site_.routes().add("POST", path, [this, what, judge](const Request&, const auto&) -> Answer {
    return net::collect_body(
        max_question_bytes,
        [this, what, judge](const Bytes& body) {
          const auto form = parse_form(text_of(body));
          return answer(what, judge, form ? Question(form->begin(), form->end()) : Question{});
        },
        [] { return empty_answer(413); });
  });
}

bool FiksIoLogin::met(std::string_view fault, const Question& question) const {
  auto& faults = environment_.faults;
  return faults.any() && faults.consume(fault, lower_case(value_of(question, "username")), value_of(question, "name"));
}

net::Response FiksIoLogin::answer(const std::string& what, const Judge& judge, const Question& question) const {
  if (met("fiksio.amqp.500", question)) return text_answer(500, "Fault injected");
  const auto why = judge(question);
  const auto id = lower_case(value_of(question, "username"));
  const auto integration = state_.integration(id);
  std::string subject(what == "user" ? std::string_view(id) : value_of(question, what == "vhost" ? "vhost" : "name"));
  environment_.audit.record({.simulator = "fiksio",
                             .organisation = integration ? integration->orgnr : std::string{},
                             .vendor = id,
                             .action = "amqp." + what + (why.empty() ? "" : ".refused"),
                             .subject = std::move(subject),
                             .detail = why.empty() ? std::string(value_of(question, "permission")) : why});
  return text_answer(200, why.empty() ? "allow" : "deny");
}

std::string FiksIoLogin::user(const Question& question) {
  if (met("fiksio.amqp.refused", question)) return "Fault injected";
  const auto given = value_of(question, "password");
  const auto space = given.find(' ');
  const auto token = space == std::string_view::npos ? std::string_view{} : given.substr(space + 1);
  const auto good =
      credentials_.check(value_of(question, "username"), given.substr(0, space), "Bearer " + std::string(token));
  if (!good) return good.error().code + ": " + good.error().message;
  if (met("fiksio.amqp.token_refused", question)) return "token.expired: Fault injected";
  return {};
}

std::string FiksIoLogin::vhost(const Question& question) const {
  if (!state_.integration(std::string(value_of(question, "username")))) return "unknown integration";
  return value_of(question, "vhost") == "/" ? std::string{} : "another virtual host";
}

std::string FiksIoLogin::resource(const Question& question) const {
  const auto integration = state_.integration(std::string(value_of(question, "username")));
  if (!integration) return "unknown integration";
  const auto permission = value_of(question, "permission");
  if (value_of(question, "resource") != "queue" || permission != "read") {
    return std::string(permission) + " is no right of clients";
  }
  if (!integration->konto_ids.contains(fiks_io_konto(value_of(question, "name")))) {
    return "not a queue of the integration";
  }
  return met("fiksio.amqp.no_access", question) ? "Fault injected" : std::string{};
}

}  // namespace kanal::sim
