"""Where the people of the sample live, and how they are called there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """`phones` are patterns in which `#` is any digit; a name is `native` or `native/latin`.

    Phone patterns are ranges kept for fiction where the country has one, else blocks of zeros.
    """

    code: str
    locale: str
    weight: int
    cities: tuple[tuple[str, str], ...]
    phones: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    family_name_first: bool = False


def _country(
    code: str,
    locale: str,
    weight: int,
    cities: str,
    phones: str,
    first_names: str,
    last_names: str,
    *,
    family_name_first: bool = False,
) -> Country:
    places = tuple(city.split("@") for city in cities.split(", "))
    return Country(
        code,
        locale,
        weight,
        tuple((city, zone) for city, zone in places),
        tuple(phones.split(", ")),
        tuple(first_names.split(", ")),
        tuple(last_names.split(", ")),
        family_name_first,
    )


COUNTRIES = (
    _country(
        *("US", "en-US", 12),
        "New York@America/New_York, Chicago@America/Chicago, Denver@America/Denver, Phoenix@America/Phoenix, "
        "Los Angeles@America/Los_Angeles, Honolulu@Pacific/Honolulu",
        "+1 (212) 555-01##, +1-312-555-01##, +1 303 555 01##, +160255501##, (213) 555-01##, +1.808.555.01##",
        "Olivia, Liam, Emma, Noah, Ava, Mateo, Zoë, Ethan, Maya, D'Andre, Grace, Lucas",
        "Johnson, Williams, Garcia, O'Brien, Nguyen, Davis, Washington, Kim, Rodríguez, Baker, Hill, Reyes",
    ),
    _country(
        *("CA", "fr-CA", 5),
        "Montréal@America/Toronto, Québec@America/Toronto, Vancouver@America/Vancouver, "
        "Halifax@America/Halifax, St. John's@America/St_Johns",
        "+1 514 555-01##, +1 (604) 555-01##, 514-555-01##, +1-902-555-01##",
        "Chloé, Félix, Léa, Étienne, Noémie, Raphaël, Maëlle, Benoît",
        "Tremblay, Gagnon, Côté, Bouchard, Gauthier, Lévesque, Pelletier, Bélanger",
    ),
    _country(
        *("GB", "en-GB", 8),
        "London@Europe/London, Manchester@Europe/London, Cardiff@Europe/London, Belfast@Europe/London",
        "+44 7700 900###, +44 (0)7700 900 ###, 07700 900###, 00447700900###",
        "Amelia, George, Isla, Harry, Siân, Oscar, Niamh, Arthur, Freya, Rhys",
        "Smith, Jones, Taylor, Patel, Evans, MacDonald, Fitzgerald, Okafor, Wright, Llewellyn-Bowen",
    ),
    _country(
        *("IE", "en-IE", 2),
        "Dublin@Europe/Dublin, Cork@Europe/Dublin, Galway@Europe/Dublin",
        "+353 20 910 ####, +353209110###, 020 910 ####",
        "Aoife, Conor, Saoirse, Oisín, Róisín, Cillian, Gráinne, Pádraig",
        "Murphy, Ó Súilleabháin, Kelly, Byrne, Ní Bhriain, Doyle, Gallagher, Walsh",
    ),
    _country(
        *("ES", "es-ES", 8),
        "Madrid@Europe/Madrid, Sevilla@Europe/Madrid, A Coruña@Europe/Madrid, "
        "Las Palmas de Gran Canaria@Atlantic/Canary, Málaga@Europe/Madrid",
        "+34 600 000 ###, +34600000###, 600 00 0# ##, 0034 600-000-###",
        "Lucía, Hugo, Martina, Iñigo, Sofía, Álvaro, Begoña, Jesús, Nerea, Andrés",
        "García López, Martínez, Núñez, Fernández, Ibáñez, Peña, Muñoz Ruiz, Etxeberria, Ferrer, Castaño",
    ),
    _country(
        *("PT", "pt-PT", 3),
        "Lisboa@Europe/Lisbon, Porto@Europe/Lisbon, Funchal@Atlantic/Madeira, Ponta Delgada@Atlantic/Azores",
        "+351 910 000 ###, +351910000###, 910 000 ###",
        "Inês, João, Beatriz, Tomás, Leonor, Gonçalo, Catarina, Simão",
        "Silva, Conceição, Gonçalves, Araújo, Magalhães, Simões, Brandão, Fonseca",
    ),
    _country(
        *("FR", "fr-FR", 8),
        "Paris@Europe/Paris, Lyon@Europe/Paris, Marseille@Europe/Paris, Saint-Denis@Indian/Reunion, "
        "Nîmes@Europe/Paris",
        "+33 6 39 98 ## ##, +33 (0)6 39 98 ## ##, 06.39.98.##.##, +3363998####",
        "Camille, Jean-Baptiste, Manon, Loïc, Anaïs, François, Hélène, Gaël, Maëva, Rémi",
        "Martin, Lefèvre, Dubois, Müller, Benoît, D'Almeida, Nguyễn, Garçon, Le Goff, Traoré",
    ),
    _country(
        *("DE", "de-DE", 8),
        "Berlin@Europe/Berlin, München@Europe/Berlin, Köln@Europe/Berlin, Düsseldorf@Europe/Berlin",
        "+49 30 23125 ###, +49 (0)30 23125-###, 030/23125###, +493023125###",
        "Jürgen, Anneliese, Björn, Käthe, Maximilian, Zoé, Günther, Sophie, Emre, Leonie",
        "Müller, Schäfer, Weiß, Groß, von der Heide, Yılmaz, Köhler, Böhm, Fuchs, Schröder",
    ),
    _country(
        *("IT", "it-IT", 4),
        "Roma@Europe/Rome, Milano@Europe/Rome, Napoli@Europe/Rome, Forlì@Europe/Rome",
        "+39 320 000 0###, +393200000###, 320 0000###",
        "Giulia, Niccolò, Chiara, Lorenzo, Beatrice, Matteo, Ludovica, Salvatore",
        "Rossi, D'Angelo, Nicolò, Esposito, De Luca, Bianchi, Conti, Mercurì",
    ),
    _country(
        *("SE", "sv-SE", 3),
        "Stockholm@Europe/Stockholm, Göteborg@Europe/Stockholm, Malmö@Europe/Stockholm",
        "+46 70 174 06 ##, 070-17406##, +467017406##",
        "Åsa, Björn, Elsa, Göran, Märta, Oskar, Linnéa, Sören",
        "Andersson, Öberg, Sjöström, Lindqvist, Åkesson, Nyström, Bergström, Hägg",
    ),
    _country(
        *("PL", "pl-PL", 4),
        "Warszawa@Europe/Warsaw, Kraków@Europe/Warsaw, Łódź@Europe/Warsaw, Gdańsk@Europe/Warsaw",
        "+48 500 000 ###, +48500000###, 500-000-###",
        "Łukasz, Zofia, Wojciech, Małgorzata, Stanisław, Agnieszka, Jędrzej, Bożena",
        "Kowalski, Wiśniewska, Dąbrowski, Wójcik, Źródłowska, Szczęsny, Zieliński, Krawczyk",
    ),
    _country(
        *("TR", "tr-TR", 4),
        "İstanbul@Europe/Istanbul, Ankara@Europe/Istanbul, İzmir@Europe/Istanbul, Diyarbakır@Europe/Istanbul",
        "+90 500 000 0# ##, +905000000###, 0500 000 0###",
        "Zeynep, Çağla, Emre, Şule, Oğuz, İpek, Barış, Gülşah",
        "Yılmaz, Öztürk, Şahin, Çelik, Kılıç, Doğan, Aydın, Güneş",
    ),
    _country(
        *("GR", "el-GR", 4),
        "Αθήνα@Europe/Athens, Θεσσαλονίκη@Europe/Athens, Ηράκλειο@Europe/Athens",
        "+30 690 000 0###, +306900000###, 690 000 0###",
        "Γιώργος/giorgos, Ελένη/eleni, Νίκος/nikos, Κατερίνα/katerina, Δημήτρης/dimitris, Σοφία/sofia, "
        "Αγγελική/angeliki, Χρήστος/christos",
        "Παπαδόπουλος/papadopoulos, Οικονόμου/oikonomou, Γεωργίου/georgiou, Αντωνίου/antoniou, "
        "Βλάχος/vlachos, Καραγιάννη/karagianni",
    ),
    _country(
        *("UA", "uk-UA", 4),
        "Київ@Europe/Kyiv, Львів@Europe/Kyiv, Одеса@Europe/Kyiv, Харків@Europe/Kyiv",
        "+380 50 000 0# ##, +380500000###, 050 000 0###",
        "Олена/olena, Тарас/taras, Оксана/oksana, Юлія/yuliia, Богдан/bohdan, Соломія/solomiia, "
        "Андрій/andrii, Ганна/hanna",
        "Шевченко/shevchenko, Коваленко/kovalenko, Бондаренко/bondarenko, Мельник/melnyk, Ткач/tkach, "
        "Лук’яненко/lukianenko",
    ),
    _country(
        *("BG", "bg-BG", 2),
        "София@Europe/Sofia, Пловдив@Europe/Sofia, Варна@Europe/Sofia",
        "+359 88 000 0###, +359880000###, 088 000 0###",
        "Иван/ivan, Мария/maria, Георги/georgi, Цветелина/tsvetelina, Димитър/dimitar, Йоана/yoana",
        "Иванов/ivanov, Петрова/petrova, Стоянов/stoyanov, Димитрова/dimitrova, Ангелов/angelov",
    ),
    _country(
        *("EG", "ar-EG", 5),
        "القاهرة@Africa/Cairo, الإسكندرية@Africa/Cairo, الجيزة@Africa/Cairo",
        "+20 100 000 0###, +201000000###, 0100 000 0###, +٢٠ ١٠٠ ٠٠٠ ٠###",
        "محمد/mohamed, فاطمة/fatma, أحمد/ahmed, مريم/mariam, يوسف/youssef, نور/nour, عمر/omar, هبة/heba",
        "حسن/hassan, عبد الرحمن/abdelrahman, السيد/elsayed, إبراهيم/ibrahim, محمود/mahmoud, منصور/mansour",
    ),
    _country(
        *("SA", "ar-SA", 3),
        "الرياض@Asia/Riyadh, جدة@Asia/Riyadh, الدمام@Asia/Riyadh",
        "+966 50 000 0###, +966500000###, 050 000 0###",
        "عبدالله/abdullah, نورة/noura, خالد/khalid, ريم/reem, فهد/fahad, سارة/sara",
        "القحطاني/alqahtani, العتيبي/alotaibi, الحربي/alharbi, الغامدي/alghamdi, الدوسري/aldosari",
    ),
    _country(
        *("IL", "he-IL", 3),
        "תל אביב@Asia/Jerusalem, ירושלים@Asia/Jerusalem, חיפה@Asia/Jerusalem",
        "+972 50 000 0###, +972-50-0000###, 050-000-0###",
        "נועה/noa, איתי/itai, תמר/tamar, דוד/david, יעל/yael, אורי/ori, שירה/shira",
        "כהן/cohen, לוי/levi, מזרחי/mizrahi, פרץ/peretz, ביטון/biton, אברהם/avraham",
    ),
    _country(
        *("IN", "hi-IN", 8),
        "दिल्ली@Asia/Kolkata, मुंबई@Asia/Kolkata, जयपुर@Asia/Kolkata, वाराणसी@Asia/Kolkata",
        "+91 90000 00###, +919000000###, 090000-00###, 90000 00###",
        "आरव/aarav, अनन्या/ananya, विवान/vivaan, दीया/diya, कृष्ण/krishna, सरिता/sarita, राहुल/rahul, पूजा/puja",
        "शर्मा/sharma, वर्मा/verma, गुप्ता/gupta, सिंह/singh, कुमार/kumar, त्रिपाठी/tripathi, यादव/yadav",
    ),
    _country(
        *("TH", "th-TH", 4),
        "กรุงเทพมหานคร@Asia/Bangkok, เชียงใหม่@Asia/Bangkok, ภูเก็ต@Asia/Bangkok",
        "+66 80 000 0###, +66800000###, 080-000-0###",
        "สมชาย/somchai, กนกวรรณ/kanokwan, ณัฐพล/nattapon, พิมพ์ชนก/pimchanok, ธนากร/thanakorn, อรุณี/arunee",
        "ศรีสุข/srisuk, ใจดี/jaidee, วงศ์สวัสดิ์/wongsawat, แก้วมณี/kaewmanee, บุญมี/boonmee",
    ),
    _country(
        *("CN", "zh-CN", 8),
        "北京@Asia/Shanghai, 上海@Asia/Shanghai, 深圳@Asia/Shanghai, 成都@Asia/Shanghai, 乌鲁木齐@Asia/Urumqi",
        "+86 130 0000 0###, +8613000000###, 130-0000-0###",
        "伟/wei, 芳/fang, 娜/na, 秀英/xiuying, 子涵/zihan, 浩然/haoran, 雨桐/yutong, 建国/jianguo",
        "王/wang, 李/li, 张/zhang, 刘/liu, 陈/chen, 欧阳/ouyang, 赵/zhao, 司马/sima",
        family_name_first=True,
    ),
    _country(
        *("TW", "zh-Hant-TW", 3),
        "臺北@Asia/Taipei, 高雄@Asia/Taipei, 臺中@Asia/Taipei",
        "+886 900 000 ###, +886900000###, 0900-000-###",
        "怡君/yijun, 志豪/zhihao, 雅婷/yating, 俊傑/junjie, 淑芬/shufen, 冠宇/guanyu",
        "陳/chen, 林/lin, 黃/huang, 張/chang, 吳/wu, 劉/liu",
        family_name_first=True,
    ),
    _country(
        *("JP", "ja-JP", 8),
        "東京@Asia/Tokyo, 大阪@Asia/Tokyo, 札幌@Asia/Tokyo, 福岡@Asia/Tokyo",
        "+81 90 0000 0###, +819000000###, 090-0000-0###, ＋８１ ９０ ００００ ０###",
        "さくら/sakura, 陽翔/haruto, 結衣/yui, 蓮/ren, 葵/aoi, 大輔/daisuke, 美咲/misaki, ケンジ/kenji",
        "佐藤/sato, 鈴木/suzuki, 高橋/takahashi, 田中/tanaka, 渡邉/watanabe, 小林/kobayashi, 髙木/takagi",
        family_name_first=True,
    ),
    _country(
        *("KR", "ko-KR", 5),
        "서울@Asia/Seoul, 부산@Asia/Seoul, 제주@Asia/Seoul",
        "+82 10 0000 0###, +821000000###, 010-0000-0###",
        "서연/seoyeon, 민준/minjun, 지우/jiwoo, 하은/haeun, 도윤/doyun, 수빈/subin",
        "김/kim, 이/lee, 박/park, 최/choi, 정/jung, 남궁/namgung",
        family_name_first=True,
    ),
    _country(
        *("BR", "pt-BR", 8),
        "São Paulo@America/Sao_Paulo, Rio de Janeiro@America/Sao_Paulo, Manaus@America/Manaus, "
        "Fortaleza@America/Fortaleza, Cuiabá@America/Cuiaba",
        "+55 11 90000-0###, +5511900000###, (11) 90000-0###",
        "Thaís, João Pedro, Letícia, Cauã, Antônia, Luís, Conceição, Márcio",
        "da Silva, Souza, Assunção, Araújo, dos Santos, Galvão, Magalhães, Brandão",
    ),
    _country(
        *("MX", "es-MX", 6),
        "Ciudad de México@America/Mexico_City, Cancún@America/Cancun, Tijuana@America/Tijuana, "
        "Hermosillo@America/Hermosillo, Mérida@America/Merida",
        "+52 55 0000 0###, +525500000###, 55 0000 0###",
        "Ximena, José María, Guadalupe, Ángel, Itzel, Raúl, Sofía, Cuauhtémoc",
        "Hernández, Gómez, Ramírez, Peña, Ávila, Ordóñez, Juárez, Zúñiga",
    ),
    _country(
        *("AU", "en-AU", 4),
        "Sydney@Australia/Sydney, Perth@Australia/Perth, Adelaide@Australia/Adelaide, "
        "Brisbane@Australia/Brisbane, Lord Howe Island@Australia/Lord_Howe",
        "+61 491 570 0##, 0491 570 0##, +61 (0)491 570 0##",
        "Charlotte, Jack, Matilda, Banjo, Ruby, Cooper, Kirra, Angus",
        "Wilson, Thompson, Nguyen, Campbell, O'Connor, Papadakis, Mitchell, Singh",
    ),
    _country(
        *("NZ", "mi-NZ", 2),
        "Tāmaki Makaurau@Pacific/Auckland, Te Whanganui-a-Tara@Pacific/Auckland, Rēkohu@Pacific/Chatham",
        "+64 21 000 0##, 021 000 0##, +64210000##",
        "Aroha, Wiremu, Mārama, Tāne, Kahurangi, Hēmi",
        "Ngata, Te Rangi, Parata, Tūhoe, Walker, Rēweti",
    ),
    _country(
        *("NP", "ne-NP", 2),
        "काठमाडौँ@Asia/Kathmandu, पोखरा@Asia/Kathmandu",
        "+977 980 0000###, +9779800000###, 980-0000###",
        "बिमला/bimala, राम/ram, सीता/sita, प्रकाश/prakash, गीता/gita",
        "थापा/thapa, गुरुङ/gurung, श्रेष्ठ/shrestha, तामाङ/tamang",
    ),
    _country(
        *("KE", "sw-KE", 2),
        "Nairobi@Africa/Nairobi, Mombasa@Africa/Nairobi, Kisumu@Africa/Nairobi",
        "+254 700 000 ###, +254700000###, 0700 000 ###",
        "Wanjiku, Otieno, Achieng, Mwangi, Njeri, Kiprono",
        "Kamau, Ochieng', Wambui, Kipchoge, Mutua, Odhiambo",
    ),
)
