// SOAP 1.2, ForsendelsesServiceV9, with documents inside the envelope or beside it (MTOM; dpf.md 5). HTTP Basic. Faults
// are 500 with a reason that clients judge by its words.
#include <fmt/format.h>

#include "base/ids.hpp"
#include "formats/multipart.hpp"
#include "formats/xml.hpp"
#include "sim/basic_login.hpp"
#include "sim/document_intake.hpp"
#include "sim/svarut.hpp"
#include "sim/svarut_rules.hpp"

namespace kanal::sim {
namespace {

constexpr std::string_view envelope_namespace = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view service_namespace = "http://www.ks.no/svarut/servicesV9";
constexpr std::string_view soap_type = "application/soap+xml; charset=UTF-8";
constexpr std::size_t max_envelope_bytes = std::size_t{1} << 20U;  ///< beside its attachments

std::string in_envelope(std::string_view body) {
  return fmt::format(R"(<soap:Envelope xmlns:soap="{}"><soap:Body>{}</soap:Body></soap:Envelope>)", envelope_namespace,
                     body);
}

std::string answer_of(std::string_view operation, std::string_view returns) {
  return fmt::format(R"(<ns2:{0}Response xmlns:ns2="{1}">{2}</ns2:{0}Response>)", operation, service_namespace,
                     returns);
}

std::string returned(std::string_view text) { return fmt::format("<return>{}</return>", formats::xml_escape(text)); }

/// The one element in the body of an envelope.
Result<formats::XmlElement> operation_of(const formats::XmlDocument& document) {
  const auto root = document.root();
  const auto body = root.child("Body");
  if (root.name() != "Envelope" || root.namespace_uri() != envelope_namespace || !body) {
    return reject("svarut.soap", "not a SOAP 1.2 envelope");
  }
  const auto operations = body->children();
  if (operations.size() != 1 || operations.front().namespace_uri() != service_namespace) {
    return reject("svarut.soap", "the body must hold one operation of ForsendelsesServiceV9");
  }
  return operations.front();
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = text[i] == '%' ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out.push_back(static_cast<char>(byte->front()));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool is_send(const formats::XmlElement& operation) {
  return operation.name() == "sendForsendelseMedId" || operation.name() == "sendForsendelse";
}

}  // namespace

/// A call from its envelope on; attachments are pushed after it.
class SvarUt::SoapSend {
 public:
  SoapSend(SvarUt& svarut, Admitted admitted) : svarut_(svarut), admitted_(std::move(admitted)) {}

  /// Nothing more is looked at after an error.
  Result<void> open(ByteView envelope) {
    auto document = formats::XmlDocument::parse(envelope);
    if (!document) return failed(document);
    const auto operation = operation_of(*document);
    if (!operation) return failed(operation);
    name_ = operation->name();
    if (!is_send(*operation)) return {};
    const auto given = operation->child("forsendelse");
    if (!given) return reject("svarut.schema", "Ugyldig innhold: forsendelse mangler");
    auto forsendelse = read_forsendelse(*given);
    if (!forsendelse) return ugyldig(forsendelse.error());
    if (name_ == "sendForsendelseMedId") {
      const auto id = operation->child("forsendelsesid");
      forsendelse->id = id ? id->text() : std::string{};
      if (!is_uuid(forsendelse->id)) return reject("svarut.schema", "Ugyldig innhold: forsendelsesid er ingen uuid");
    }
    admitted_.subject = forsendelse->ekstern_ref;
    if (const auto good = check_forsendelse(*forsendelse, admitted_.account, svarut_.state_.rules()); !good) {
      return ugyldig(good.error());
    }
    forsendelse_ = std::move(*forsendelse);
    return take_inline(*given);
  }

  Result<void> begin_attachment(const std::string& content_id) {
    document_ = nullptr;
    for (auto& document : forsendelse_.dokumenter) {
      if (document.cid.starts_with("cid:") && percent_decoded(document.cid.substr(4)) == content_id) {
        document_ = &document;
      }
    }
    if (document_ == nullptr || document_->content) {
      return reject("svarut.content", "Ugyldig innhold: et vedlegg hører ikke til noe dokument");
    }
    return begin(*document_);
  }
  void attachment_data(ByteView bytes) { intake_->write(bytes); }
  Result<void> end_attachment() { return end(*document_); }

  /// `envelope` is that of open().
  net::Response finish(ByteView envelope) {
    if (name_ != "sendForsendelseMedId" && name_ != "sendForsendelse") {
      return svarut_.soap_operation(envelope, admitted_);
    }
    for (const auto& document : forsendelse_.dokumenter) {
      if (!document.content) return fault("Feil under lesing av " + document.filnavn + ": vedlegget mangler");
    }
    auto id = svarut_.accept(std::move(forsendelse_), admitted_, "SOAP");
    if (!id) return fault(id.error().message);
    if (svarut_.met("svarut.send.lost_answer", admitted_)) return lost_answer();
    if (svarut_.met("svarut.send.503_after_store", admitted_)) return empty_answer(503);
    return svarut_.soap_answer(admitted_, answer_of(name_, returned(*id)));
  }
  net::Response fault(const std::string& text) const { return svarut_.soap_fault(admitted_, text); }

 private:
  static tl::unexpected<Error> ugyldig(const Error& error) {
    return reject(error.code, "Ugyldig innhold: " + error.message);
  }

  Result<void> begin(const ForsendelseDokument& document) {
    auto intake = DocumentIntake::make(forsendelse_.kryptert ? &svarut_.identity_ : nullptr, svarut_.folder_);
    if (!intake) return failed(intake.error(), document.filnavn);
    intake_ = std::move(*intake);
    return {};
  }
  Result<void> end(ForsendelseDokument& document) {
    const auto taken = intake_->finish(document);
    if (taken) return {};
    return reject(taken.error().code,
                  fmt::format("Feil under lesing av {}: {}", document.filnavn, taken.error().message));
  }

  /// Documents whose bytes stand in the envelope, as base64.
  Result<void> take_inline(const formats::XmlElement& forsendelse) {
    const auto elements = forsendelse.children("dokumenter");
    for (std::size_t i = 0; i < elements.size(); ++i) {
      auto& document = forsendelse_.dokumenter[i];
      if (!document.cid.empty()) continue;
      const auto data = elements[i].child("data");
      const auto bytes = from_base64(data ? data->text() : std::string{});
      if (!bytes) return reject("svarut.content", "Ugyldig innhold: data er ikke base64");
      if (auto begun = begin(document); !begun) return begun;
      intake_->write(*bytes);
      if (auto ended = end(document); !ended) return ended;
    }
    return {};
  }

  SvarUt& svarut_;
  Admitted admitted_;
  std::string name_;
  Forsendelse forsendelse_;
  ForsendelseDokument* document_ = nullptr;
  std::unique_ptr<DocumentIntake> intake_;
};

/// multipart/related: the envelope first, then attachments in any order.
class SvarUt::SoapBody final : public net::BodyHandler, private formats::PartHandler {
 public:
  SoapBody(SvarUt& svarut, Admitted admitted, std::string boundary)
      : call_(svarut, std::move(admitted)),
        body_(formats::make_multipart_reader(std::move(boundary), *this, formats::MultipartKind::related)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    if (good_) good_ = body_->write(bytes);
    return std::nullopt;
  }
  net::Response finish() override {
    if (good_) good_ = body_->finish();
    if (!good_) return call_.fault(good_.error().message);
    return call_.finish(bytes_of(envelope_));
  }

 private:
  Result<void> begin_part(const formats::PartHead& head) override {
    if (parts_++ > 0) return call_.begin_attachment(head.content_id);
    if (media_type(head.content_type) != "application/xop+xml") {
      return reject("svarut.soap", "the first part must be application/xop+xml");
    }
    return {};
  }
  Result<void> part_data(ByteView bytes) override {
    if (parts_ > 1) {
      call_.attachment_data(bytes);
    } else if (bytes.size() > max_envelope_bytes - envelope_.size()) {
      return reject("svarut.soap", "the envelope is too large");
    } else {
      envelope_.append(text_of(bytes));
    }
    return {};
  }
  Result<void> end_part() override { return parts_ > 1 ? call_.end_attachment() : call_.open(bytes_of(envelope_)); }

  SoapSend call_;
  std::size_t parts_ = 0;
  std::string envelope_;
  Result<void> good_{};
  std::unique_ptr<Sink> body_;  ///< last: it calls the rest
};

Answer SvarUt::soap(const Request& request) {
  const auto login = basic_login(request->header("Authorization"));
  const auto account = login ? state_.soap_account(login->username, login->password) : std::nullopt;
  if (!account) {
    Admitted nobody;
    nobody.vendor = login ? login->username : std::string{};
    audit("soap.refused", nobody, {}, "401");
    return basic_challenge("SvarUt");
  }
  const Admitted admitted{*account, login->username, request->path};
  if (auto answer = fault_answer("soap", admitted)) return std::move(*answer);
  if (met("svarut.soap.fault", admitted)) return soap_fault(admitted, "Det oppstod en intern feil");
  const auto content_type = request->header("Content-Type");
  if (media_type(content_type) == "multipart/related") {
    auto boundary = formats::multipart_related_boundary(content_type);
    if (!boundary) return soap_fault(admitted, boundary.error().message);
    return std::make_unique<SoapBody>(*this, admitted, std::move(*boundary));
  }
  if (media_type(content_type) != "application/soap+xml") return empty_answer(415);
  return net::collect_body(
      formats::max_xml_bytes,
      [this, admitted](const Bytes& envelope) {
        SoapSend call(*this, admitted);
        const auto opened = call.open(envelope);
        return opened ? call.finish(envelope) : call.fault(opened.error().message);
      },
      [] { return empty_answer(413); });
}

net::Response SvarUt::soap_operation(ByteView envelope, const Admitted& admitted) {
  const auto document = formats::XmlDocument::parse(envelope);
  if (!document) return soap_fault(admitted, document.error().message);
  const auto operation = operation_of(*document);
  if (!operation) return soap_fault(admitted, operation.error().message);
  const auto name = operation->name();
  std::string returns;
  if (name == "retreiveForsendelseTyper") {
    for (const auto& type : state_.rules().forsendelsestyper) returns += returned(type);
    audit("types", admitted, admitted.account.konto_id);
  } else if (name == "retrieveForsendelseIdByEksternRef") {
    const auto reference = operation->child("eksternRef");
    const auto text = reference ? reference->text() : std::string{};
    for (const auto& found : state_.by_ekstern_ref(text, admitted.account.konto_id)) returns += returned(found.id);
    audit("eksternref", admitted, text);
  } else if (name == "retrieveForsendelseStatuser") {
    std::vector<std::string> ids;
    for (const auto& id : operation->children("forsendelseider")) ids.push_back(id.text());
    const auto found = state_.statuses(ids, admitted.account.konto_id);
    if (found.size() < ids.size() && state_.rules().unknown_ids != UnknownIds::omit) {
      return soap_fault(admitted, "Fant ikke forsendelse");
    }
    for (const auto& [id, status] : found) {
      audit("status", admitted, id, status.status);
      returns += fmt::format(
          "<return><forsendelseStatus>{}</forsendelseStatus><forsendelsesid>{}</forsendelsesid>"
          "<sisteStatusEndring>{}</sisteStatusEndring></return>",
          formats::xml_escape(status.status), id, format_iso(in_oslo(status.time)));
    }
  } else {
    return soap_fault(admitted, fmt::format("there is no operation {}", name));
  }
  return soap_answer(admitted, answer_of(name, returns));
}

net::Response SvarUt::soap_answer(const Admitted& admitted, const std::string& body) const {
  auto envelope = in_envelope(body);
  if (!met("svarut.soap.multipart_answer", admitted)) {
    return text_answer(200, std::move(envelope), std::string(soap_type));
  }
  auto text = fmt::format(
      "--svar\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\n"
      "Content-Transfer-Encoding: binary\r\nContent-ID: <root.message@cxf.apache.org>\r\n\r\n{}\r\n--svar--",
      envelope);
  return text_answer(200, std::move(text),
                     "multipart/related; type=\"application/xop+xml\"; boundary=\"svar\"; "
                     "start=\"<root.message@cxf.apache.org>\"; start-info=\"application/soap+xml\"");
}

net::Response SvarUt::soap_fault(const Admitted& admitted, const std::string& text) const {
  audit("soap.refused", admitted, admitted.subject, text);
  return text_answer(
      500,
      in_envelope(fmt::format("<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason>"
                              "<soap:Text xml:lang=\"en\">{}</soap:Text></soap:Reason></soap:Fault>",
                              formats::xml_escape(text))),
      std::string(soap_type));
}

}  // namespace kanal::sim
