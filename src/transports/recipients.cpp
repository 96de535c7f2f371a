#include "transports/recipients.hpp"

#include <fmt/format.h>

#include "domain/partner.hpp"
#include "ops/key_names.hpp"

namespace kanal::transports {

Recipients::Recipients(ServiceIdentifier service, const Resources& resources)
    : service_(std::move(service)), resources_(resources) {}

std::string Recipients::code(std::string_view what) const {
  return fmt::format("{}.{}", ops::lower(service_.str()), what);
}

Result<ports::ServiceRecord> Recipients::record(const domain::Sbd& sbd) {
  const auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver) return failed(receiver);
  auto records = resources_.directory.lookup({receiver->primary, sbd.process(), {}, sbd.conversation_id().str()});
  if (!records) return failed(std::move(records).error(), "the receiver's certificate");
  const auto* record = ports::choose(*records, sbd.document.standard);
  if (record == nullptr || record->service != service_) {
    return retry(code("route_changed"),
                 fmt::format("the Service Registry no longer routes this document type of {} over {}",
                             receiver->primary, service_.str()));
  }
  return *record;
}

Result<crypto::Certificate> Recipients::certificate(const ports::ServiceRecord& record, const domain::Sbd& sbd) {
  const auto receiver = domain::parse_partner(sbd.receiver.front().authority, sbd.receiver.front().value);
  if (!receiver) return failed(receiver);
  auto certificate = certificates_.from_pem(record.pem_certificate);
  if (!certificate) return failed(std::move(certificate).error(), "the receiver's certificate");
  if (!certificate->is_rsa()) return reject(code("receiver_certificate"), "the receiver's certificate is not RSA");
  if (!certificate->valid_at(resources_.clock.now())) {
    return retry(
        code("receiver_certificate"),
        fmt::format("the certificate of {} is valid from {} to {} only: the receiver must renew it", receiver->primary,
                    format_iso(certificate->not_before()), format_iso(certificate->not_after())));
  }
  if (const auto owner = certificate->organisation(); !owner || owner->str() != receiver->primary) {
    resources_.log.warning(
        "receiver_certificate_of_other",
        {{"receiver", receiver->primary}, {"certificate", owner ? owner->str() : "no organisation number"}});
  }
  return certificate;
}

}  // namespace kanal::transports
