// E1: multipart/form-data, `forsendelse` first, then the documents in the order of `dokumenter` (dpf.md 3.3). Documents
// are decrypted while they come. What is wrong is told at the end of the body, for a client that still sends may not
// see an early answer.
#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "formats/multipart.hpp"
#include "sim/document_intake.hpp"
#include "sim/svarut.hpp"
#include "sim/svarut_rules.hpp"

namespace kanal::sim {
namespace {

constexpr std::size_t max_forsendelse_bytes = std::size_t{1} << 20U;

}  // namespace

class SvarUt::Send final : public net::BodyHandler, private formats::PartHandler {
 public:
  Send(SvarUt& svarut, Admitted admitted, std::string boundary)
      : svarut_(svarut),
        admitted_(std::move(admitted)),
        body_(formats::make_multipart_reader(std::move(boundary), *this)) {}

  std::optional<net::Response> data(ByteView bytes) override {
    if (problem_) return std::nullopt;
    if (const auto read = body_->write(bytes); !read) refuse(400, read.error().message);
    return std::nullopt;
  }

  net::Response finish() override {
    if (!problem_) {
      if (const auto read = body_->finish(); !read) refuse(400, read.error().message);
    }
    const auto& documents = forsendelse_.dokumenter;
    if (!problem_ && parts_ == 0) refuse(400, "forsendelse mangler");
    if (!problem_ && parts_ != documents.size() + 1) {
      refuse(400, fmt::format("Det er {} filer, men {} dokumenter", parts_ - 1, documents.size()));
    }
    if (problem_) return svarut_.problem("send", admitted_, *problem_);
    auto id = svarut_.accept(std::move(forsendelse_), admitted_, "REST");
    if (!id) return svarut_.problem("send", admitted_, {400, id.error().message});
    return answer(*id);
  }

 private:
  void refuse(int status, std::string message) {
    if (!problem_) problem_ = Problem{status, std::move(message)};
  }

  net::Response answer(const std::string& id) const {
    if (svarut_.met("svarut.send.lost_answer", admitted_)) return lost_answer();
    if (svarut_.met("svarut.send.503_after_store", admitted_)) {
      return svarut_.problem("send", admitted_, {503, "Fault injected"});
    }
    if (svarut_.met("svarut.send.empty_200", admitted_)) return text_answer(200, "", "application/json");
    if (svarut_.met("svarut.send.no_id", admitted_)) return json_answer(200, boost::json::object{{"status", "OK"}});
    return json_answer(200, boost::json::object{{"id", id}});
  }

  Result<void> begin_part(const formats::PartHead& head) override {
    if (problem_) return {};
    const auto place = parts_++;
    if (place == 0) {
      if (head.disposition.name.value_or("") != "forsendelse") refuse(400, "Første del må være forsendelse");
      if (head.disposition.filename) refuse(400, "forsendelse kan ikke ha filnavn");
      return {};
    }
    if (place > forsendelse_.dokumenter.size()) {
      refuse(400, "Det er flere filer enn dokumenter");
      return {};
    }
    const auto& document = forsendelse_.dokumenter[place - 1];
    if (head.disposition.filename.value_or("") != document.filnavn) {
      refuse(400, fmt::format("Fil {} er ikke dokument {}: filer må komme i samme rekkefølge som dokumenter", place,
                              document.filnavn));
    }
    if (media_type(head.content_type) != media_type(document.mimetype)) {
      refuse(400, fmt::format("Fil {} må ha Content-Type {}", document.filnavn, document.mimetype));
    }
    auto intake = DocumentIntake::make(forsendelse_.kryptert ? &svarut_.identity_ : nullptr, svarut_.folder_);
    if (!intake) {
      refuse(500, intake.error().message);
    } else {
      intake_ = std::move(*intake);
    }
    return {};
  }

  Result<void> part_data(ByteView bytes) override {
    if (problem_) return {};
    if (parts_ > 1) {
      intake_->write(bytes);
    } else if (bytes.size() > max_forsendelse_bytes - text_.size()) {
      refuse(413, "forsendelse er for stor");
    } else {
      text_.append(text_of(bytes));
    }
    return {};
  }

  Result<void> end_part() override {
    if (problem_) return {};
    if (parts_ == 1) {
      read_forsendelse_part();
      return {};
    }
    auto& document = forsendelse_.dokumenter[parts_ - 2];
    if (const auto taken = intake_->finish(document); !taken) {
      refuse(400, fmt::format("Ugyldig innhold: {} kan ikke dekrypteres: {}", document.filnavn, taken.error().message));
    }
    return {};
  }

  void read_forsendelse_part() {
    const auto object = parse_object(text_);
    if (!object) return refuse(400, object.error().message);
    auto forsendelse = read_forsendelse(boost::json::value(*object));
    if (!forsendelse) return refuse(400, forsendelse.error().message);
    admitted_.subject = forsendelse->ekstern_ref;
    if (const auto good = check_forsendelse(*forsendelse, admitted_.account, svarut_.state_.rules()); !good) {
      return refuse(400, good.error().message);
    }
    forsendelse_ = std::move(*forsendelse);
  }

  SvarUt& svarut_;
  Admitted admitted_;
  std::size_t parts_ = 0;
  std::string text_;
  Forsendelse forsendelse_;
  std::unique_ptr<DocumentIntake> intake_;
  std::optional<Problem> problem_;
  std::unique_ptr<Sink> body_;  ///< last: it calls the rest
};

Answer SvarUt::send(const Request& request, Admitted& admitted) {
  const auto content_type = request->header("Content-Type");
  if (media_type(content_type) != "multipart/form-data") {
    return problem("send", admitted, {415, "multipart/form-data is needed"});
  }
  auto boundary = formats::multipart_boundary(content_type);
  if (!boundary) return problem("send", admitted, {400, boundary.error().message});
  return std::make_unique<Send>(*this, admitted, std::move(*boundary));
}

}  // namespace kanal::sim
