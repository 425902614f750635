"""The names that MedCom's messages use on the wire (advis 3.0, acknowledgement 2.0, correspondence 5.0)."""

TERMINOLOGY = "http://medcomfhir.dk/ig/terminology/CodeSystem/"
EVENT_CODES = TERMINOLOGY + "medcom-messaging-eventCodes"
ACTIVITY_CODES = TERMINOLOGY + "medcom-messaging-activityCodes"
DESTINATION_USE = TERMINOLOGY + "medcom-messaging-destinationUse"
CATEGORY_CODES = TERMINOLOGY + "medcom-careCommunication-categoryCodes"
ERROR_CODES = TERMINOLOGY + "medcom-acknowledgement-error-codes"
HL7_DETAILS = "http://terminology.hl7.org/CodeSystem/operation-outcome"
ACT_CODES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

DESTINATION_USE_EXTENSION = (
    "http://medcomfhir.dk/ig/messaging/StructureDefinition/medcom-messaging-destinationUseExtension"
)
# Told apart by their last word: published messages spell what stands before it in several ways.
REPORT_FLAG = "medcom-messaging-reportOfAdmissionExtension"
REPORT_RECIPIENT = "medcom-messaging-reportOfAdmissionRecipientExtension"
LEAVE_PERIOD = "leave-period-extension"
SEGMENT_TIME = "core-datetime-extension"
SEGMENT_NUMBER = "core-identifier-extension"
SEGMENT_AUTHOR = "core-practitioner-extension"
SEGMENT_CONTACT = "core-contact-extension"

PROFILES = "http://medcomfhir.dk/ig/"
CPR = "urn:oid:1.2.208.176.1.2"
REPLACEMENT_CPR = ("urn:oid:1.2.208.176.1.6.1.1", "urn:oid:1.2.208.176.1.6.1.3")  # national; regional, and below it
SOR = "urn:oid:1.2.208.176.1.1"
GLN = ("https://www.gs1.org/gln", "http://www.gs1.org/gln", "urn:oid:1.3.88")
SOR_ENDPOINT = "https://sor2.sum.dsdn.dk/#id="
LPR3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"

HOSPITAL_NOTIFICATION = "hospital-notification-message"
CARE_COMMUNICATION = "care-communication-message"
ACKNOWLEDGEMENT = "acknowledgement-message"

FHIR_NAMESPACE = "http://hl7.org/fhir"
XHTML_NAMESPACE = "http://www.w3.org/1999/xhtml"
